#!/bin/sh
# Uploads the dumps in /work to Azure Blob Storage. The pod's federated token is exchanged for one of the storage
# service; neither is ever part of a command line.
set -eu
umask 077

token_file=/tmp/token
curl --silent --show-error --fail --retry 3 --output "$token_file.json" \
  --data-urlencode "grant_type=client_credentials" \
  --data-urlencode "client_id=$AZURE_CLIENT_ID" \
  --data-urlencode "scope=https://storage.azure.com/.default" \
  --data-urlencode "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer" \
  --data-urlencode "client_assertion@$AZURE_FEDERATED_TOKEN_FILE" \
  "${AZURE_AUTHORITY_HOST%/}/$AZURE_TENANT_ID/oauth2/v2.0/token"
{
  printf 'Authorization: Bearer '
  sed -n 's/.*"access_token" *: *"\([^"]*\)".*/\1/p' "$token_file.json"
} >"$token_file"

for dump in /work/*.sql.gz; do
  curl --silent --show-error --fail --retry 3 --upload-file "$dump" \
    --header "@$token_file" \
    --header 'x-ms-version: 2021-12-02' \
    --header 'x-ms-blob-type: BlockBlob' \
    "$CONTAINER_URL/${dump##*/}"
  echo "uploaded ${dump##*/}"
done
