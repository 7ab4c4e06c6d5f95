//go:build cgo

#include "onnx.h"

#include "guard.h"

#include <vector>

#include <opencv2/dnn.hpp>
#include <opencv2/imgproc.hpp>

struct rvo_net {
	cv::dnn::Net net;
	std::vector<cv::String> names;
	cv::Mat scaled, canvas, gray, blob;
	std::vector<cv::Mat> out;
};

namespace {

cv::Rect rect(const rvo_rect &r) { return cv::Rect(r.x, r.y, r.width, r.height); }

// Shows the picture to the network: scaled, in its place, channel after channel.
void show(rvo_net *n, const rvo_run *run) {
	const rvo_picture &p = run->picture;
	cv::Mat whole(p.height, p.width, CV_8UC3, const_cast<unsigned char *>(p.pix));
	cv::Mat part = whole(rect(run->from));
	// Areas where it shrinks: points would leave small things out.
	bool shrinks = run->to.width < part.cols || run->to.height < part.rows;
	cv::resize(part, n->scaled, rect(run->to).size(), 0, 0, shrinks ? cv::INTER_AREA : cv::INTER_LINEAR);
	cv::Mat input = n->scaled;
	if (run->to.width != run->width || run->to.height != run->height) {
		n->canvas.create(run->height, run->width, CV_8UC3);
		n->canvas.setTo(cv::Scalar::all(114)); // the grey that YOLO models are taught with
		n->scaled.copyTo(n->canvas(rect(run->to)));
		input = n->canvas;
	}
	if (run->channels == 1) {
		cv::cvtColor(input, n->gray, cv::COLOR_BGR2GRAY);
		input = n->gray;
	}
	cv::Scalar mean(run->mean[0], run->mean[1], run->mean[2]);
	cv::dnn::blobFromImage(input, n->blob, run->scale, cv::Size(), mean, run->swap && run->channels == 3, false, CV_32F);
}

void hand_over(const cv::Mat &m, rvo_output *o) {
	if (m.type() != CV_32F || !m.isContinuous()) CV_Error(cv::Error::StsUnsupportedFormat, "an output is not made of 32-bit floats");
	if (m.dims > RVO_DIMS) CV_Error(cv::Error::StsUnsupportedFormat, "an output has more than 8 dimensions");
	o->dims = m.dims;
	for (int i = 0; i < m.dims; i++) o->shape[i] = m.size[i];
	o->data = m.ptr<float>();
	o->count = m.total();
}

} // namespace

rvo_net *rvo_net_new(const char *model, size_t size, char *why) {
	rvo_net *n = nullptr;
	bool ok = guard(false, why, [&] {
		n = new rvo_net;
		n->net = cv::dnn::readNetFromONNX(model, size);
		if (n->net.empty()) {
			tell(why, "the network has no layers");
			return false;
		}
		n->net.setPreferableBackend(cv::dnn::DNN_BACKEND_OPENCV);
		n->net.setPreferableTarget(cv::dnn::DNN_TARGET_CPU);
		n->names = n->net.getUnconnectedOutLayersNames();
		return true;
	});
	if (ok) return n;
	rvo_net_free(n);
	return nullptr;
}

int rvo_net_run(rvo_net *n, rvo_run *run) {
	return guard(-1, run->why, [&] {
		run->outputs = 0;
		show(n, run);
		n->net.setInput(n->blob);
		n->net.forward(n->out, n->names);
		for (const cv::Mat &m : n->out) {
			if (run->outputs == RVO_OUTPUTS) break;
			hand_over(m, &run->output[run->outputs]);
			run->outputs++;
		}
		return 0;
	});
}

void rvo_net_free(rvo_net *n) {
	char why[RVO_WHY];
	guard(0, why, [&] {
		delete n;
		return 0;
	});
}
