"""Exports networks of ultralytics, torchvision and transformers with random weights
for TestParity: python3 export.py DIR IMAGE (needs these packages and onnx; some
gigabytes). The weights are adjusted so that scores differ."""

import os
import sys
import warnings

import torch
import torchvision
from PIL import Image
from torch import nn
from torchvision import transforms
from transformers import DetrConfig, DetrForObjectDetection, ResNetConfig
from ultralytics import RTDETR, YOLO

warnings.filterwarnings("ignore")
torch.manual_seed(1)


def stir(model):
    """Randomizes statistics and heads so that scores differ across the image."""
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
    # Normalizing by batch statistics keeps activations of deep networks from vanishing.
    with torch.no_grad():
        model.train()(torch.rand(4, 3, size, size))
    torch.onnx.export(model.eval(), torch.rand(1, 3, size, size), name + ".onnx", opset_version=17, dynamo=False)


def picture():
    return transforms.functional.to_tensor(Image.open(sys.argv[2]).convert("RGB"))[None]


def views(size):
    """Returns parts of the image, scaled to the input of the networks."""
    whole = picture()
    _, _, h, w = whole.shape
    parts = [whole, whole[:, :, : h * 2 // 3, : w * 2 // 3], whole[:, :, h // 3 :, w // 3 :], whole.flip(3)]
    return torch.cat([nn.functional.interpolate(p, size=(size, size), mode="area") for p in parts])


def tamed(model, size, spread):
    """Scales layers to the given standard deviations of their outputs, so that scores
    differ and boxes have a usable size. With plain random weights, all scores are 1, and
    the smallest difference between two inputs changes every result. The first filters
    are smoothed, like trained ones."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and module.kernel_size != (1, 1) and module.weight.shape[1] <= 3:
            module.weight.data = module.weight.data.mean((2, 3), keepdim=True).expand_as(module.weight).contiguous()
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
            module.reset_running_stats()
            module.train()
    with torch.no_grad():
        model(views(size))
        model.eval()
        for layer, wanted in spread:
            seen = []
            hook = layer.register_forward_hook(lambda _, __, out: seen.append(out.flatten()))
            model(views(size))
            hook.remove()
            layer.weight *= wanted / torch.cat(seen).std()
            nn.init.zeros_(layer.bias)
    return model


def ssdlite():
    model = torchvision.models.detection.ssdlite320_mobilenet_v3_large(weights=None, weights_backbone=None, num_classes=21).eval()
    classes = [(m[-1], 1.5) for m in model.head.classification_head.module_list]
    return tamed(model, 320, classes + [(m[-1], 0.3) for m in model.head.regression_head.module_list])


def faster_rcnn():
    model = torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn(weights=None, weights_backbone=None, num_classes=21).eval()
    rpn, box = model.rpn.head, model.roi_heads.box_predictor
    return tamed(model, 320, [(rpn.cls_logits, 4), (rpn.bbox_pred, 0.1), (box.cls_score, 2.5), (box.bbox_pred, 0.3)])


def detector(name, make, shown, outputs=None):
    if not os.path.exists(name + ".onnx"):
        torch.onnx.export(make(), shown, name + ".onnx", opset_version=17, dynamo=False, input_names=["images"], output_names=outputs)


class Named(nn.Module):
    """A model of transformers, reduced to the outputs logits and boxes."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, images):
        out = self.model(images)
        return out.logits, out.pred_boxes


def detr():
    backbone = ResNetConfig(layer_type="basic", depths=[2, 2, 2, 2], hidden_sizes=[64, 128, 256, 512], embedding_size=64, out_features=["stage4"])
    config = DetrConfig(use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, num_labels=20, num_queries=50,
                        encoder_layers=2, decoder_layers=2)
    model = DetrForObjectDetection(config).eval()
    nn.init.normal_(model.model.query_position_embeddings.weight, 0, 10)
    boxes = model.bbox_predictor.layers[-1]
    tamed(model, 320, [(model.class_labels_classifier, 2.5), (boxes, 1)])
    return Named(model)


class YuNet(nn.Module):
    """A network of three layers with the outputs of YuNet."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 32, 1)
        self.heads = nn.ModuleDict({name: nn.Conv2d(32, n, 1) for name, n in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10))})
        for conv in (self.stem, self.heads["cls"], self.heads["obj"]):
            nn.init.normal_(conv.weight, 0, 1.5)

    def forward(self, images):
        out = {}
        for stride in (8, 16, 32):
            seen = torch.tanh(self.stem(nn.functional.avg_pool2d(images / 255 - 0.5, stride)))
            for name, head in self.heads.items():
                rows = head(seen).flatten(2).transpose(1, 2)
                out[f"{name}_{stride}"] = torch.sigmoid(rows) if name in ("cls", "obj") else rows
        return tuple(out[f"{name}_{stride}"] for name in self.heads for stride in (8, 16, 32))


class SSD(nn.Module):
    """A network of two layers with the output of the SSD of many frameworks."""

    def __init__(self):
        super().__init__()
        self.head = nn.Conv2d(3, 5, 1)
        nn.init.normal_(self.head.weight, 0, 4)
        y, x = torch.meshgrid(torch.arange(20.0), torch.arange(20.0), indexing="ij")
        self.register_buffer("at", (torch.stack([x, y], -1).reshape(1, 400, 2) + 0.5) / 20)
        self.register_buffer("label", (torch.arange(400.0) % 5).reshape(1, 400, 1))

    def forward(self, images):
        rows = torch.sigmoid(self.head(nn.functional.avg_pool2d(images - 0.5, 16)).flatten(2).transpose(1, 2))
        half = rows[:, :, 1:3] * 0.2 + 0.02
        return torch.cat([self.label * 0, self.label, rows[:, :, :1], self.at - half, self.at + half], 2)[:, None]


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
# These merge boxes themselves, so rounding differences could select another box. They
# take the image unscaled.
detector("ssdlite", ssdlite, picture())
detector("fasterrcnn", faster_rcnn, picture())
detector("detr", detr, views(320)[:1])
detector("yunet", YuNet, views(320)[:1], [f"{name}_{stride}" for name in ("cls", "obj", "bbox", "kps") for stride in (8, 16, 32)])
detector("ssd", SSD, views(320)[:1])
