#!/bin/bash
# Dumps the OpenMRS database in one consistent view, without locking anybody out.
set -euo pipefail
umask 077

target="/work/openmrs-$(date -u +%Y%m%dT%H%M%SZ).sql.gz"
mariadb-dump ${DB_CA:+"--ssl-ca=$DB_CA" --ssl-verify-server-cert} --host="$DB_HOST" --user="$DB_USER" \
  --single-transaction --quick --no-tablespaces --routines --triggers --databases openmrs | gzip -6 >"$target.part"

# A dump that was cut short does not end with this line.
gzip -dc "$target.part" | tail -n 1 | grep -q '^-- Dump completed'
mv "$target.part" "$target"
