"""PNG, JPEG and TIFF: what comes back, what is rounded and clipped, what is refused."""

import os
import struct
import zlib

import numpy as np
import pytest
from made_files import RNG, image

from sigconv import files
from sigconv.errors import FileError

Image = pytest.importorskip("PIL.Image")


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
@pytest.mark.parametrize(("shape", "dtype"), [((7, 5), np.uint8), ((7, 5, 3), np.uint8), ((7, 5), np.uint16)])
def test_a_picture_comes_back_as_it_was(tmp_path, suffix, shape, dtype):
    data = RNG.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    path = tmp_path / f"x{suffix}"
    assert files.write(path, image(data)) == 0
    np.testing.assert_array_equal(pixels(path), data)
    back = files.read(path)
    np.testing.assert_array_equal(back.data, data)
    assert (back.data.dtype, back.subtype, back.axes, back.alpha) == (dtype, dtype.__name__, (0, 1), None)


def test_a_jpeg_picture_comes_back_nearly(tmp_path):
    rows, columns = np.mgrid[:64, :48]
    data = np.stack([rows * 2, columns * 3, rows + columns], axis=-1).astype(np.uint8)
    files.write(tmp_path / "x.jpg", image(data))
    assert np.abs(files.read(tmp_path / "x.jpg").data.astype(int) - data).max() <= 12


def test_a_picture_is_rounded_and_clipped_to_its_range(tmp_path):
    data = np.array([[-0.6, -0.4, 0.6, 254.5, 255.4, 255.6, 300]])
    assert files.write(tmp_path / "x.png", image(data, subtype="uint8")) == 3
    np.testing.assert_array_equal(pixels(tmp_path / "x.png"), [[0, 0, 1, 254, 255, 255, 255]])
    assert files.write(tmp_path / "x.tif", image(data * 257, subtype="uint16")) == 5
    np.testing.assert_array_equal(files.read(tmp_path / "x.tif").data[0, [0, 3, -1]], [0, 65406, 65535])


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_transparency_is_kept_beside_the_samples(tmp_path, channels, suffix):
    data = RNG.integers(0, 256, (6, 4, channels), np.uint8)
    Image.fromarray(data).save(tmp_path / f"x{suffix}")
    picture = files.read(tmp_path / f"x{suffix}")
    np.testing.assert_array_equal(picture.alpha, data[..., -1])
    np.testing.assert_array_equal(picture.data, data[..., 0] if channels == 2 else data[..., :3])
    files.write(tmp_path / f"y{suffix}", picture.with_data(picture.data / 2))
    written = pixels(tmp_path / f"y{suffix}")
    np.testing.assert_array_equal(written[..., -1], data[..., -1])
    np.testing.assert_array_equal(written[..., 0], np.rint(data[..., 0] / 2))


def test_transparency_that_does_not_fit(tmp_path):
    picture = image(np.zeros((5, 4), np.uint8), alpha=np.ones((4, 4), np.uint8))
    with pytest.raises(FileError, match=r"4 × 4 pixels and the result 5 × 4: use mode same"):
        files.write(tmp_path / "x.png", picture)
    with pytest.raises(FileError, match=r"JPEG.*transparency: write \.png"):
        files.write(tmp_path / "x.jpg", picture)
    assert os.listdir(tmp_path) == []


def test_one_bit_palette_and_transparent_palette_pictures(tmp_path):
    bits = np.array([[True, False, True]])
    Image.fromarray(bits).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(files.read(tmp_path / "bits.png").data, [[255, 0, 255]])

    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 40, 50, 60])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "plain.png")
    np.testing.assert_array_equal(files.read(tmp_path / "plain.png").data, [[[10, 20, 30], [40, 50, 60]]])
    palette.save(tmp_path / "holes.png", transparency=1)
    np.testing.assert_array_equal(files.read(tmp_path / "holes.png").alpha, [[255, 0]])


def test_the_orientation_mark_of_a_camera_is_applied(tmp_path):
    data = np.arange(6, dtype=np.uint8).reshape(2, 3)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90° clockwise
    Image.fromarray(data).save(tmp_path / "x.png", exif=exif)
    picture = files.read(tmp_path / "x.png")
    np.testing.assert_array_equal(picture.data, np.rot90(data, -1))
    files.write(tmp_path / "y.png", picture)
    with Image.open(tmp_path / "y.png") as written:
        assert 0x0112 not in written.getexif()


def test_the_colour_profile_survives(tmp_path):
    Image.new("RGB", (3, 3)).save(tmp_path / "x.png", icc_profile=b"a profile")
    files.write(tmp_path / "y.jpg", files.read(tmp_path / "x.png"))
    with Image.open(tmp_path / "y.jpg") as written:
        assert written.info["icc_profile"] == b"a profile"


def test_a_float_picture_keeps_its_samples(tmp_path):
    data = RNG.normal(size=(4, 5)).astype(np.float32)
    Image.fromarray(data).save(tmp_path / "x.tif")
    picture = files.read(tmp_path / "x.tif")
    assert picture.subtype == "float32"
    assert files.write(tmp_path / "y.tif", picture) == 0
    np.testing.assert_array_equal(pixels(tmp_path / "y.tif"), data)
    with pytest.raises(FileError, match=r"float32.*\.tif"):
        files.write(tmp_path / "y.png", picture)


def test_a_picture_with_pages(tmp_path):
    pages = [Image.new("L", (4, 4), value) for value in (0, 1)]
    pages[0].save(tmp_path / "x.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(FileError, match="2 pictures"):
        files.read(tmp_path / "x.tif")


def test_a_16_bit_colour_picture_is_not_quietly_cut_to_8_bits(tmp_path):
    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    body = zlib.compress(b"\0" + bytes(range(6)))
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    (tmp_path / "x.png").write_bytes(content)
    with pytest.raises(FileError, match="16-bit colour"):
        files.read(tmp_path / "x.png")


def test_a_picture_for_printers(tmp_path):
    Image.new("CMYK", (3, 3)).save(tmp_path / "x.jpg")
    with pytest.raises(FileError, match=r"CMYK.*RGB"):
        files.read(tmp_path / "x.jpg")


@pytest.mark.parametrize(
    "limit", [60, 20]
)  # Pillow itself warns of 100 pixels under the first and refuses under the other
def test_a_picture_with_more_pixels_than_is_safe(tmp_path, monkeypatch, limit):
    Image.new("L", (10, 10)).save(tmp_path / "x.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    with pytest.raises(FileError, match="make it smaller"):
        files.read(tmp_path / "x.png")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (np.zeros((3, 3, 2)), "of shape"),
        (np.zeros(3), "of shape"),
        (np.zeros((3, 3), complex), "complex"),
        (np.full((3, 3), np.nan), "NaN"),
        (np.zeros((3, 3, 3), np.uint16), "uint16"),
    ],
)
def test_what_a_picture_cannot_hold(tmp_path, data, message):
    with pytest.raises(FileError, match=rf"{message}.*\.npy"):
        files.write(tmp_path / "x.png", image(data))
    assert os.listdir(tmp_path) == []
