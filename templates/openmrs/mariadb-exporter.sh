# Sourced by the image's entry point at the first start; docker_process_sql is its own.
# shellcheck shell=bash
exporter_password=$(cat /run/secrets/exporter/exporter-password)
exporter_password=${exporter_password//\\/\\\\}
# Counters of the server only. Upstream grants SELECT on everything, and that is every patient's record.
docker_process_sql --binary-mode <<SQL
CREATE USER IF NOT EXISTS 'exporter'@'%' IDENTIFIED BY '${exporter_password//\'/\'\'}' WITH MAX_USER_CONNECTIONS 3;
GRANT PROCESS, REPLICATION CLIENT ON *.* TO 'exporter'@'%';
GRANT SELECT ON performance_schema.* TO 'exporter'@'%';
SQL
unset exporter_password
