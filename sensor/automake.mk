# All of the sensor but main(): the program, the tests and the fuzzers share it.
noinst_LIBRARIES += libsensor.a
libsensor_a_CFLAGS = $(AM_CFLAGS) $(PCAP_CFLAGS) $(JANSSON_CFLAGS) $(YAML_CFLAGS) $(MAXMINDDB_CFLAGS) $(NDPI_CFLAGS) \
	$(EVENT_CFLAGS) $(MNL_CFLAGS) $(CAPNG_CFLAGS) $(SECCOMP_CFLAGS) $(GZIP_CFLAGS)
libsensor_a_SOURCES = \
	%D%/address.c %D%/address.h \
	%D%/analysis.c %D%/analysis.h \
	%D%/api.c %D%/api.h \
	%D%/api_status.c \
	%D%/arena.c %D%/arena.h \
	%D%/background.c %D%/background.h \
	%D%/capture.h %D%/capture_file.c \
	%D%/capture_counts.c %D%/capture_counts.h \
	%D%/capture_filter.c %D%/capture_filter.h \
	%D%/capture_live.c %D%/capture_live.h \
	%D%/capture_pcapng.c %D%/capture_pcapng.h \
	%D%/capture_plan.c %D%/capture_plan.h \
	%D%/certificate_store.c %D%/certificate_store.h \
	%D%/classifier.h \
	%D%/cluster_feed.c %D%/cluster_feed.h \
	%D%/cluster_json.c %D%/cluster_json.h \
	%D%/cluster_objects.c %D%/cluster_objects.h %D%/cluster_objects_internal.h \
	%D%/cluster_policies.c \
	%D%/cluster_values.c %D%/cluster_values.h \
	%D%/cni_config.c %D%/cni_config.h \
	%D%/command.c %D%/command.h \
	%D%/command_analyze.c \
	%D%/command_explain.c \
	%D%/command_monitor.c \
	%D%/command_policy.c \
	%D%/command_score.c \
	%D%/conntrack.c %D%/conntrack.h \
	%D%/dissection_memory.c %D%/dissection_memory.h \
	%D%/drop_watch.c %D%/drop_watch.h \
	%D%/event_memory.c \
	%D%/events.c %D%/events.h \
	%D%/fixed_pool.c %D%/fixed_pool.h \
	%D%/flow_legs.c \
	%D%/flow_table.c %D%/flow_table.h %D%/flow_table_internal.h \
	%D%/forwarded.c %D%/forwarded.h \
	%D%/fragment.c %D%/fragment.h \
	%D%/geoip.c %D%/geoip.h \
	%D%/gzip_stream.c %D%/gzip_stream.h \
	%D%/hash.c %D%/hash.h \
	%D%/http_exchange.c \
	%D%/http_listen.c %D%/http_listen.h \
	%D%/http_request.c %D%/http_request.h \
	%D%/http_response.c %D%/http_response.h \
	%D%/http_server.c %D%/http_server.h %D%/http_server_internal.h \
	%D%/http_tls.c %D%/http_tls.h \
	%D%/inspection.c %D%/inspection.h %D%/inspection_internal.h \
	%D%/inspection_dissect.c \
	%D%/inspection_label.c \
	%D%/inspection_parking.c \
	%D%/inspection_probe.c \
	%D%/inspection_services.c \
	%D%/inspection_text.c \
	%D%/inspection_waiting.c \
	%D%/inventory.c %D%/inventory.h %D%/inventory_internal.h %D%/inventory_objects.h \
	%D%/inventory_compact.c \
	%D%/inventory_find.c \
	%D%/inventory_policy.c %D%/inventory_policy.h \
	%D%/inventory_warnings.c \
	%D%/isolation.c %D%/isolation.h %D%/isolation_internal.h \
	%D%/isolation_landlock.c \
	%D%/isolation_seccomp.c \
	%D%/json_document.c %D%/json_document.h \
	%D%/json_text.c %D%/json_text.h \
	%D%/json_writer.c %D%/json_writer.h \
	%D%/judge.c %D%/judge.h %D%/judge_internal.h \
	%D%/judge_thread.c \
	%D%/kube_answer.c \
	%D%/kube_buffer.c %D%/kube_buffer.h \
	%D%/kube_client.c %D%/kube_client.h \
	%D%/kube_config.c %D%/kube_config.h \
	%D%/kube_config_yaml.c \
	%D%/kube_http.c %D%/kube_http.h \
	%D%/kube_message.c %D%/kube_message.h \
	%D%/kube_pace.c %D%/kube_pace.h \
	%D%/kube_reflector.c %D%/kube_reflector.h %D%/kube_reflector_internal.h \
	%D%/kube_response.c %D%/kube_response.h \
	%D%/kube_sink.h \
	%D%/kube_target.c %D%/kube_target.h \
	%D%/kube_tls.c %D%/kube_tls.h \
	%D%/kube_token.c %D%/kube_token.h \
	%D%/launcher.c %D%/launcher.h %D%/launcher_internal.h \
	%D%/launcher_process.c \
	%D%/links.c %D%/links.h %D%/links_internal.h \
	%D%/live_worker.c %D%/live_worker.h \
	%D%/log.c %D%/log.h \
	%D%/messages.c %D%/messages.h \
	%D%/metrics.c %D%/metrics.h \
	%D%/metrics_sensor.c \
	%D%/metrics_text.c %D%/metrics_text.h \
	%D%/monitor.h \
	%D%/output.h \
	%D%/output_explain.c \
	%D%/output_json.c %D%/output_json_internal.h \
	%D%/output_json_flow.c \
	%D%/output_json_pair.c \
	%D%/output_table.c %D%/output_table_internal.h \
	%D%/output_table_cell.c \
	%D%/output_table_findings.c \
	%D%/output_table_pairs.c \
	%D%/output_text.c %D%/output_text.h \
	%D%/packet.c %D%/packet.h %D%/packet_internal.h \
	%D%/packet_ip.c \
	%D%/packet_link.c \
	%D%/packet_transport.c \
	%D%/packet_tunnel.c \
	%D%/pages.c %D%/pages.h \
	%D%/pending.c %D%/pending.h \
	%D%/process_status.c \
	%D%/progress.c %D%/progress.h \
	%D%/read_file.c %D%/read_file.h \
	%D%/recent_flows.c %D%/recent_flows.h \
	%D%/record.c %D%/record.h \
	%D%/reload.c %D%/reload.h \
	%D%/report.c %D%/report.h %D%/report_internal.h \
	%D%/report_conclude.c \
	%D%/report_flow.c \
	%D%/report_merge.c \
	%D%/report_names.c \
	%D%/saved_result.c %D%/saved_result.h \
	%D%/series.c %D%/series.h %D%/series_internal.h \
	%D%/series_scores.c \
	%D%/state_file.c %D%/state_file.h %D%/state_internal.h \
	%D%/state_json.c \
	%D%/state_saver.c %D%/state_saver.h \
	%D%/state_series.c \
	%D%/status.h \
	%D%/stream.c %D%/stream.h \
	%D%/supervisor.c %D%/supervisor.h \
	%D%/supervisor_capture.c \
	%D%/supervisor_cluster.c \
	%D%/supervisor_outputs.c \
	%D%/text_buffer.c %D%/text_buffer.h \
	%D%/tls_sessions.c %D%/tls_sessions.h \
	%D%/window.c %D%/window.h \
	%D%/window_cells.c %D%/window_cells.h \
	%D%/window_internal.h \
	%D%/window_saved.c \
	%D%/worker.c %D%/worker.h %D%/worker_internal.h %D%/worker_note.h \
	%D%/worker_export.c \
	%D%/worker_record.c \
	%D%/zero_packing.c %D%/zero_packing.h

if NDPI
libsensor_a_SOURCES += %D%/classifier_ndpi.c
nodist_libsensor_a_SOURCES = %D%/ndpi_protocols.inc
else
libsensor_a_SOURCES += %D%/classifier_none.c
endif
EXTRA_DIST += %D%/ndpi-protocols.txt %D%/classifier_ndpi.c %D%/classifier_none.c

# The allow-list as C: each name a string and a comma.
BUILT_SOURCES += %D%/ndpi_protocols.inc
CLEANFILES += %D%/ndpi_protocols.inc
%D%/ndpi_protocols.inc: %D%/ndpi-protocols.txt
	$(AM_V_GEN)mkdir -p %D% && sed -n 's/^\([A-Za-z0-9_.-][A-Za-z0-9_.-]*\)[ ]*$$/"\1",/p' $(srcdir)/%D%/ndpi-protocols.txt >$@

# Also where only a program is asked for: BUILT_SOURCES are made for `all` and `check`.
%D%/libsensor_a-classifier_ndpi.$(OBJEXT): %D%/ndpi_protocols.inc

PODWIRE_LIBS = libsensor.a libpolicies.a libdissectors.a \
	$(PCAP_LIBS) $(JANSSON_LIBS) $(MAXMINDDB_LIBS) $(YAML_LIBS) $(EVENT_LIBS) $(CRYPTO_LIBS) $(NGHTTP2_LIBS) $(NDPI_LIBS) \
	$(MNL_LIBS) $(CAPNG_LIBS) $(SECCOMP_LIBS) $(GZIP_LIBS) -lpthread -lm

bin_PROGRAMS += podwire
podwire_SOURCES = %D%/main.c
podwire_LDADD = $(PODWIRE_LIBS)
