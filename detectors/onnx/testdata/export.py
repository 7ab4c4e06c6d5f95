"""Exports networks of ultralytics and torchvision with weights at random, and with
scores that differ, for TestParity: python3 export.py DIR (needs ultralytics,
torchvision and onnx; some gigabytes)."""

import os
import sys
import warnings

import torch
import torchvision
from torch import nn
from ultralytics import RTDETR, YOLO

warnings.filterwarnings("ignore")
torch.manual_seed(1)


def stir(model):
    """Makes scores that differ from place to place."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.uniform_(0.5, 1.5)
            module.running_mean.normal_(0, 0.1)
        for heads in (getattr(module, name, None) for name in ("cv3", "one2one_cv3", "dec_score_head")):
            for head in heads if isinstance(heads, nn.ModuleList) else []:
                last = head[-1] if isinstance(head, nn.Sequential) else head
                if isinstance(last, (nn.Conv2d, nn.Linear)):
                    nn.init.normal_(last.weight, 0, 0.4)
                    nn.init.constant_(last.bias, -4)


def yolo(name, config, kind=YOLO, imgsz=320, **options):
    if os.path.exists(name + ".onnx"):
        return
    model = kind(config)
    stir(model.model)
    os.replace(model.export(format="onnx", imgsz=imgsz, verbose=False, **options), name + ".onnx")


def torch_model(name, model, size):
    if os.path.exists(name + ".onnx"):
        return
    for module in model.modules():
        if isinstance(module, nn.Linear) and module.out_features == 1000:
            nn.init.normal_(module.weight, 0, 0.3)
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            module.reset_running_stats()
    # Statistics of images keep the numbers of deep networks from dying away.
    with torch.no_grad():
        model.train()(torch.rand(4, 3, size, size))
    torch.onnx.export(model.eval(), torch.rand(1, 3, size, size), name + ".onnx", opset_version=17, dynamo=False)


os.makedirs(sys.argv[1], exist_ok=True)
os.chdir(sys.argv[1])
yolo("yolov8n", "yolov8n.yaml")
yolo("yolov8n-nms", "yolov8n.yaml", nms=True, conf=0.001)
yolo("yolov8n-open", "yolov8n.yaml", dynamic=True)
yolo("yolov8n-half", "yolov8n.yaml", half=True)
yolo("yolo11n", "yolo11n.yaml")
yolo("yolo12n", "yolo12n.yaml")
yolo("yolo26n", "yolo26n.yaml")
yolo("yolo26n-end", "yolo26n.yaml", end2end=True)
yolo("yolov10n", "yolov10n.yaml")
yolo("yolov9t", "yolov9t.yaml")
yolo("yolov5nu", "yolov5nu.yaml" if os.path.exists("yolov5nu.yaml") else "yolov5n.yaml")
yolo("yolov8n-pose", "yolov8n-pose.yaml")
yolo("yolov8n-seg", "yolov8n-seg.yaml")
yolo("yolov8n-obb", "yolov8n-obb.yaml")
yolo("yolov8n-cls", "yolov8n-cls.yaml", imgsz=224)
yolo("rtdetr-l", "rtdetr-l.yaml", kind=RTDETR)
torch_model("mobilenet-v3-cls", torchvision.models.mobilenet_v3_small(), 224)
torch_model("vit-cls", torchvision.models.vit_b_32(), 224)
torch_model("convnext-cls", torchvision.models.convnext_tiny(), 224)
