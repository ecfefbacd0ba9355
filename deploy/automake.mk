EXTRA_DIST += \
	.dockerignore \
	%D%/helm/podwire/Chart.yaml \
	%D%/helm/podwire/files/default-policy.yaml \
	%D%/helm/podwire/templates/NOTES.txt \
	%D%/helm/podwire/templates/_helpers.tpl \
	%D%/helm/podwire/templates/cluster-role.yaml \
	%D%/helm/podwire/templates/daemon-set.yaml \
	%D%/helm/podwire/templates/pod-monitor.yaml \
	%D%/helm/podwire/templates/policies.yaml \
	%D%/helm/podwire/templates/priority-class.yaml \
	%D%/helm/podwire/templates/service-account.yaml \
	%D%/helm/podwire/templates/service-monitor.yaml \
	%D%/helm/podwire/values.schema.json \
	%D%/helm/podwire/values.yaml \
	%D%/image/Dockerfile \
	%D%/kubernetes/00-namespace.yaml \
	%D%/kubernetes/10-service-account.yaml \
	%D%/kubernetes/20-cluster-role.yaml \
	%D%/kubernetes/30-cluster-role-binding.yaml \
	%D%/kubernetes/40-policies.yaml \
	%D%/kubernetes/50-priority-class.yaml \
	%D%/kubernetes/60-daemon-set.yaml \
	%D%/systemd/podwire.service
