# The sidecar of argocd-repo-server for `tympan argocd`: the program and nothing else (docs/argocd.md). Argo CD copies
# its own plugin server into the container and starts that.
FROM docker.io/library/rust:1.95.0-alpine AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY benches benches
COPY docs docs
COPY src src
# musl's programs are static where they are built on Alpine.
RUN apk add --no-cache musl-dev \
 && cargo build --release --locked \
 && ! ldd target/release/tympan 2>/dev/null | grep -q '=>'

FROM scratch
COPY --from=build /src/target/release/tympan /usr/local/bin/tympan
ENV PATH=/usr/local/bin
# Argo CD's own; it need not be known in the image.
USER 999:999
ENTRYPOINT ["/usr/local/bin/tympan"]
