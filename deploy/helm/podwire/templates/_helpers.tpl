{{- define "podwire.name" -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- end }}

{{- define "podwire.selector" -}}
app.kubernetes.io/name: podwire
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "podwire.labels" -}}
{{ include "podwire.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "podwire.scrape" -}}
port: metrics
path: /metrics
{{- if .Values.tls.secretName }}
scheme: https
tlsConfig:
  insecureSkipVerify: true
{{- end }}
{{- if .Values.token.secretName }}
bearerTokenSecret:
  name: {{ .Values.token.secretName }}
  key: token
{{- end }}
{{- end }}
