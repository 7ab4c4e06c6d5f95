#!/bin/bash
# Builds the SDKs and their examples:
#
#     sdk/build.sh node   builds the TypeScript SDK and its example with npm; without Node it
#                         says so and does nothing
#     sdk/build.sh all    regenerates all generated files of sdk/ and checks all types
#
# "all" needs protoc, its gRPC plugin for Python, Python's venv and Node (scripts/packages.sh
# sdk). check.txt and package-lock.json pin the versions.
set -eu
cd "$(dirname "$0")/.."
example=examples/services/node

# packages DIRECTORY: installs the packages of its package-lock.json unless they are installed.
packages() {
	(cd "$1" && { [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error >/dev/null; })
}

node() {
	if ! command -v npm >/dev/null; then
		echo "Node is missing: tests of the TypeScript SDK are skipped." >&2
		return
	fi
	packages sdk/typescript
	(cd sdk/typescript && npm run -s build)
	packages $example
	(cd $example && npm run -s build)
}

all() {
	go run ./sdk/gen

	venv=bin/sdk/venv
	if [ ! "$venv/done" -nt sdk/python/check.txt ]; then
		/usr/bin/python3 -m venv $venv
		$venv/bin/pip install -q --disable-pip-version-check -r sdk/python/check.txt
		touch $venv/done
	fi
	protoc -I proto --python_out=sdk/python --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" --grpc_python_out=sdk/python \
		--plugin=protoc-gen-mypy=$venv/bin/protoc-gen-mypy --mypy_out=quiet:sdk/python \
		--plugin=protoc-gen-mypy_grpc=$venv/bin/protoc-gen-mypy_grpc --mypy_grpc_out=quiet:sdk/python \
		rvo/detect/v1/detect.proto

	packages sdk/typescript
	protoc -I proto/rvo/detect/v1 --plugin=protoc-gen-ts_proto=sdk/typescript/node_modules/.bin/protoc-gen-ts_proto --ts_proto_out=sdk/typescript/src \
		--ts_proto_opt=outputServices=grpc-js,esModuleInterop=true,forceLong=bigint,importSuffix=.js,useOptionals=messages,outputJsonMethods=false,snakeToCamel=false \
		detect.proto

	# Check the types of all three SDKs. For TypeScript, building checks them.
	MYPYPATH=sdk/python $venv/bin/mypy --config-file sdk/python/pyproject.toml sdk/python/rvo examples/services/python/brightness.py
	node
	go vet ./sdk/... ./examples/services/go
}

case ${1:-} in
node | all) "$1" ;;
*)
	echo "usage: build.sh node|all" >&2
	exit 2
	;;
esac
