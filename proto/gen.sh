#!/bin/sh
# Regenerates the Go code of proto/. It needs protoc (Debian and Ubuntu: apt install
# protobuf-compiler). tools/go.mod pins the Go plugins.
set -eu
cd "$(dirname "$0")/.."
command -v protoc >/dev/null || {
	echo "proto: protoc is missing: apt install protobuf-compiler" >&2
	exit 1
}
bin=$PWD/bin/tools
mkdir -p "$bin"
(cd tools && go build -o "$bin/" google.golang.org/protobuf/cmd/protoc-gen-go google.golang.org/grpc/cmd/protoc-gen-go-grpc)
PATH=$bin:$PATH protoc -I proto \
	--go_out=. --go_opt=module=rvo-tui \
	--go-grpc_out=. --go-grpc_opt=module=rvo-tui \
	rvo/detect/v1/detect.proto inference/inference.proto
