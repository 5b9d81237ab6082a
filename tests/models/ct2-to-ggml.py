"""Converts a Whisper model of CTranslate2's form to the form that whisper.cpp reads. Needs Python and nothing else.

Usage: ct2-to-ggml.py VOCABULARY OUT MODEL-PART...

The parts are joined in the order in which they are named. Nothing is computed anew but what the other form leaves out: the
filters that turn a spectrum into mel bands, and the biases of keys, which Whisper does not have and CTranslate2 stores as
zeros. The same files give the same bytes.
"""

import array
import math
import struct
import sys

FLOAT16 = 4
SAMPLE_RATE, FFT, MELS = 16000, 400, 80


class Parts:
    """Several files read as one."""

    def __init__(self, paths):
        self.data = b"".join(open(path, "rb").read() for path in paths)
        self.at = 0

    def take(self, count):
        if self.at + count > len(self.data):
            sys.exit("the model is cut short")
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]

    def text(self):
        return self.take(self.number("H")).rstrip(b"\0").decode()


def read_tensors(parts):
    """Name -> (shape, bytes), of those that are numbers of 16 bits; and other names for them."""
    version = parts.number("I")
    kind = parts.text()
    if kind != "WhisperSpec" or version < 4:
        sys.exit(f"not a Whisper model that can be converted: {kind or 'no name'}, version {version}")
    parts.number("I")
    tensors = {}
    for _ in range(parts.number("I")):
        name = parts.text()
        shape = [parts.number("I") for _ in range(parts.number("B"))]
        kind, size = parts.number("B"), parts.number("I")
        data = parts.take(size)
        if len(shape) > 0:
            if kind != FLOAT16:
                sys.exit(f"{name}: only weights of 16-bit floating point can be converted")
            tensors[name] = (shape, data)
    return tensors


def rows(tensor, first, last):
    """Some rows of a tensor, counted in equal parts of it: (1, 2) is the second of as many as there are."""
    shape, data = tensor
    size = len(data) // shape[0]
    return [last - first] + shape[1:], data[first * size : last * size]


def attention(tensors, there, here, fused):
    """The four projections of one attention. `fused` is how many of them the first linear layer holds."""
    out = {}
    linear = lambda i, what: tensors[f"{there}/linear_{i}/{what}"]
    width = linear(0, "weight")[0][1]
    if fused == 3:
        places = {"query": (0, 0), "key": (0, 1), "value": (0, 2), "out": (1, 0)}
    else:
        places = {"query": (0, 0), "key": (1, 0), "value": (1, 1), "out": (2, 0)}
    for name, (layer, nth) in places.items():
        for what in ("weight", "bias"):
            if (name, what) == ("key", "bias"):
                continue
            out[f"{here}.{name}.{what}"] = rows(linear(layer, what), nth * width, (nth + 1) * width)
    out.update(norm(tensors, f"{there}/layer_norm", f"{here}_ln"))
    return out


def norm(tensors, there, here):
    return {f"{here}.weight": tensors[f"{there}/gamma"], f"{here}.bias": tensors[f"{there}/beta"]}


def renamed(tensors):
    """Every tensor under the name that OpenAI gave it."""
    out = {
        "encoder.positional_embedding": tensors["encoder/position_encodings/encodings"],
        "decoder.positional_embedding": tensors["decoder/position_encodings/encodings"],
        "decoder.token_embedding.weight": tensors["decoder/embeddings/weight"],
    }
    for conv in ("conv1", "conv2"):
        for what in ("weight", "bias"):
            out[f"encoder.{conv}.{what}"] = tensors[f"encoder/{conv}/{what}"]
    out.update(norm(tensors, "encoder/layer_norm", "encoder.ln_post"))
    out.update(norm(tensors, "decoder/layer_norm", "decoder.ln"))
    for side in ("encoder", "decoder"):
        for n in range(layers(tensors, side)):
            there, here = f"{side}/layer_{n}", f"{side}.blocks.{n}"
            out.update(attention(tensors, f"{there}/self_attention", f"{here}.attn", 3))
            if side == "decoder":
                out.update(attention(tensors, f"{there}/attention", f"{here}.cross_attn", 1))
            out.update(norm(tensors, f"{there}/ffn/layer_norm", f"{here}.mlp_ln"))
            for linear, place in ((0, 0), (1, 2)):
                for what in ("weight", "bias"):
                    out[f"{here}.mlp.{place}.{what}"] = tensors[f"{there}/ffn/linear_{linear}/{what}"]
    return out


def layers(tensors, side):
    """How many layers one side has; `layer_norm` is none."""
    return len({name.split("/")[1] for name in tensors if name.startswith(f"{side}/layer_")} - {"layer_norm"})


def mel_filters():
    """Slaney's triangular filters of equal area, 0 to 8 kHz, as Whisper was trained with them."""
    to_hz = lambda mel: mel * 200 / 3 if mel < 15 else 1000 * math.exp((mel - 15) * math.log(6.4) / 27)
    top = 15 + math.log(SAMPLE_RATE / 2 / 1000) * 27 / math.log(6.4)
    edges = [to_hz(top * n / (MELS + 1)) for n in range(MELS + 2)]
    filters = array.array("f")
    for low, middle, high in zip(edges, edges[1:], edges[2:]):
        for bin in range(FFT // 2 + 1):
            hz = bin * SAMPLE_RATE / FFT
            height = max(0.0, min((hz - low) / (middle - low), (high - hz) / (high - middle)))
            filters.append(height * 2 / (high - low))
    return filters


def tokens(path, count):
    """The first `count` tokens as bytes; the file writes each byte as one printable character."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    byte_of = {chr(byte): byte for byte in plain}
    for n, byte in enumerate(byte for byte in range(256) if byte not in plain):
        byte_of[chr(256 + n)] = byte
    with open(path, encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")
    return [bytes(byte_of[character] for character in line) for line in lines[:count]]


def as_float32(data):
    return array.array("f", struct.unpack(f"<{len(data) // 2}e", data)).tobytes()


def main():
    if len(sys.argv) < 4 or sys.byteorder != "little":
        sys.exit(__doc__)
    vocabulary, target, *parts = sys.argv[1:]
    tensors = read_tensors(Parts(parts))
    out = renamed(tensors)
    vocab, text_width = out["decoder.token_embedding.weight"][0]
    audio_ctx, width = out["encoder.positional_embedding"][0]
    text_ctx = out["decoder.positional_embedding"][0][0]
    # 64 is the width of a head in every Whisper.
    heads, text_heads = width // 64, text_width // 64
    # Tokens that are text: those of GPT-2, and one more in models of many languages.
    text_tokens = tokens(vocabulary, 50256 if vocab == 51864 else 50257)
    with open(target, "wb") as file:
        sizes = [vocab, audio_ctx, width, heads, layers(tensors, "encoder")]
        sizes += [text_ctx, text_width, text_heads, layers(tensors, "decoder"), MELS, 1]
        file.write(struct.pack("<12i", 0x67676D6C, *sizes))
        file.write(struct.pack("<2i", MELS, FFT // 2 + 1) + mel_filters().tobytes())
        file.write(struct.pack("<i", len(text_tokens)))
        for token in text_tokens:
            file.write(struct.pack("<i", len(token)) + token)
        for name, (shape, data) in out.items():
            # whisper.cpp wants these as they are added, not multiplied by: 32 bits, and a bias of a convolution as a column.
            full = len(shape) < 2 or name.endswith("positional_embedding")
            if name.startswith("encoder.conv") and name.endswith("bias"):
                shape = shape + [1]
            file.write(struct.pack("<3i", len(shape), len(name), 0 if full else 1))
            file.write(struct.pack(f"<{len(shape)}i", *reversed(shape)) + name.encode())
            file.write(as_float32(data) if full else data)


main()
