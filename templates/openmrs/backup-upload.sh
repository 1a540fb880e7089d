#!/bin/sh
# Uploads the dumps in /work to Azure Blob Storage. The pod's federated token is exchanged for one of the storage
# service; neither is ever part of a command line.
set -eu
umask 077

curl --silent --show-error --fail --retry 3 --output /tmp/token.json \
  --data-urlencode "grant_type=client_credentials" \
  --data-urlencode "client_id=$AZURE_CLIENT_ID" \
  --data-urlencode "scope=https://storage.azure.com/.default" \
  --data-urlencode "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer" \
  --data-urlencode "client_assertion@$AZURE_FEDERATED_TOKEN_FILE" \
  "${AZURE_AUTHORITY_HOST%/}/$AZURE_TENANT_ID/oauth2/v2.0/token"
{
  echo 'x-ms-version: 2021-12-02'
  printf 'Authorization: Bearer '
  sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p' /tmp/token.json
} >/tmp/headers

put() {
  curl --silent --show-error --fail --retry 3 --output /dev/null --header @/tmp/headers --upload-file "$@"
}

# One request takes at most 5000 MiB, so a dump goes up in blocks. The last request makes a blob of them: it is there
# whole or not at all, and never in the place of an older one.
mebibytes=32
for dump in /work/*.sql.gz; do
  blob="$CONTAINER_URL/${dump##*/}"
  size=$(wc -c <"$dump")
  number=0
  printf '<?xml version="1.0" encoding="utf-8"?><BlockList>' >/tmp/blocks.xml
  while [ $((number * mebibytes * 1048576)) -lt "$size" ]; do
    dd if="$dump" of=/tmp/block bs=1048576 skip=$((number * mebibytes)) count="$mebibytes" 2>/dev/null
    id=$(printf '%06d' "$number" | base64)
    put /tmp/block "$blob?comp=block&blockid=$id"
    printf '<Latest>%s</Latest>' "$id" >>/tmp/blocks.xml
    number=$((number + 1))
  done
  printf '</BlockList>' >>/tmp/blocks.xml
  put /tmp/blocks.xml --header 'If-None-Match: *' "$blob?comp=blocklist"
  echo "uploaded ${dump##*/}, $size bytes"
done
