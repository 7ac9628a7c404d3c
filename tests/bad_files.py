"""Files that lie, for every reader: about sizes that they don't have, or little that becomes very much."""

import io
import struct
import zipfile
import zlib

import numpy as np

GREAT = 1 << 28  # bytes that bombs become


def _zeros_deflated(size):
    """Return so many zeros as zlib deflates them, without ever having them all."""
    packer, block = zlib.compressobj(9), bytes(1 << 20)
    return b"".join([*(packer.compress(block) for _ in range(size >> 20)), packer.flush()])


def _npy(shape, data=b"", descr="<f8"):
    file = io.BytesIO()
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})
    return file.getvalue() + data


def _chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(width, height, data, *more):
    size = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + size + b"".join(more) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _tiff(width, height, strip=b"", compression=1, offset=None, following=0):
    tags = {
        256: width,
        257: height,
        258: 8,
        259: compression,
        262: 1,
        273: offset,
        277: 1,
        278: height,
        279: len(strip),
    }
    begin = 8 + 2 + 12 * len(tags) + 4
    tags[273] = begin if offset is None else offset
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", following) + strip


def _jpeg(width, height):
    frame = struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    scan = struct.pack(">HB", 8, 1) + b"\x01\x00\x00\x3f\x00"
    return b"\xff\xd8\xff\xc0" + frame + b"\xff\xda" + scan + bytes(100) + b"\xff\xd9"


def _wav(channels=1, rate=8000, bits=16, length=None, data=bytes(100), kind=b"RIFF", before=b""):
    block = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * block & 0xFFFFFFFF, block & 0xFFFF, bits)
    body = b"WAVE" + before + b"fmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(data) if length is None else length) + data
    return kind + struct.pack("<I", len(body)) + body


def _flac(samples, channels=2):
    packed = (8000 << 44) | ((channels - 1) << 41) | (15 << 36) | samples
    info = struct.pack(">HH", 4096, 4096) + bytes(6) + packed.to_bytes(8, "big") + bytes(16)
    return b"fLaC\x80" + len(info).to_bytes(3, "big") + info + bytes(50)


def _npz(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, parts in members.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                for part in parts:
                    member.write(part)
    return file.getvalue()


def _safetensors(header, data=b"", length=None):
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def bad_files():
    """Yield (name, content); the name says what is wrong."""
    for shape in [(1 << 40,), (1 << 62,), (-5,), (1 << 40, 1 << 40), (1,) * 60, (GREAT >> 3,)]:
        yield f"shape {shape[:2]}.npy", _npy(shape, bytes(80))
    yield "pickle.npy", _npy((1,), b"cos\nsystem\n(S'false'\ntR.", "|O")
    yield "long header.npy", b"\x93NUMPY\x02\x00" + struct.pack("<I", 1 << 31) + b"{" * 1000
    yield "code.npy", b"\x93NUMPY\x01\x00" + struct.pack("<H", 64) + b"__import__('os').abort()".ljust(64)
    deflated = _zeros_deflated(GREAT)
    yield "pixels.png", _png(1 << 30, 1 << 30, zlib.compress(bytes(1000)))
    yield "bomb.png", _png(30_000, 24_000, deflated)
    yield "profile.png", _png(4, 4, zlib.compress(bytes(52)), _chunk(b"iCCP", b"x\0\0" + deflated))
    yield "text.png", _png(4, 4, zlib.compress(bytes(52)), _chunk(b"zTXt", b"x\0\0" + deflated))
    yield "short.png", _png(9000, 9000, zlib.compress(bytes(1000)))
    yield "nothing.png", _png(0, 0, b"")
    yield "pixels.tif", _tiff(1 << 31, 1 << 31, bytes(100))
    yield "elsewhere.tif", _tiff(3000, 3000, bytes(100), offset=1 << 31)
    yield "short.tif", _tiff(9000, 9000, bytes(100))
    yield "bomb.tif", _tiff(30_000, 60_000, deflated, compression=8)
    yield "circle.tif", _tiff(10, 10, bytes(100), following=8)
    yield "pixels.jpg", _jpeg(65_535, 65_535)
    yield "short.jpg", _jpeg(9000, 9000)
    for name, more in {
        "length": {"length": 1 << 30},
        "channels": {"channels": 0xFFFF},
        "no channels": {"channels": 0},
        "no rate": {"rate": 0},
        "bits": {"bits": 333},
        "long form": {"kind": b"RF64", "before": b"ds64" + struct.pack("<IQQQI", 28, 0, 1 << 62, 1 << 62, 0)},
        "chunks": {"before": b"junk" + struct.pack("<I", 0xFFFFFFFF)},
    }.items():
        yield f"{name}.wav", _wav(**more)
    yield "long.flac", _flac((1 << 36) - 1)
    yield "short.flac", _flac(1 << 20)
    yield "pages.ogg", b"OggS\0\x02" + bytes(20) + b"\xff" * 3000
    zeros = [bytes(1 << 20)] * (GREAT >> 20)
    yield "bomb.npz", _npz(weight=[_npy((GREAT >> 12, 1, 512)), *zeros])
    yield "beside.npz", _npz(weight=[_npy((1, 1, 3), bytes(24))], other=[_npy((GREAT >> 3,)), *zeros])
    yield "shape.npz", _npz(weight=[_npy((1 << 20, 1, 1 << 10), bytes(80))])
    yield "pickle.npz", _npz(weight=[_npy((1, 1, 1), b"cos\nsystem\n(S'false'\ntR.", "|O")])
    yield "directory.npz", _npz(weight=[_npy((1, 1, 3), bytes(24))])[:-30]
    yield "header.safetensors", _safetensors(b"{}", length=1 << 62)
    place = b'{"weight":{"dtype":"F64","shape":[%d,1,3],"data_offsets":[0,%d]}}'
    yield "shape.safetensors", _safetensors(place % (1 << 40, 24 << 40), bytes(24))
    yield "overflow.safetensors", _safetensors(place % (1 << 63, 24), bytes(24))
