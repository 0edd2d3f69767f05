"""DICOM files: shown as their fields say, and what they name of a person is removed and never repeated."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLSLossless

from core.errors import InputRefused
from core.intake.images import read_image
from tests.intake.pictures import colour, dicom, encode, picture


class TestDicom:
    def test_eight_bit_is_shown_as_it_is(self) -> None:
        sample = read_image(dicom(picture()), "a.dcm")
        assert (sample.pixels[..., 0] == picture()).all()
        assert {"PatientName", "PatientID"} <= set(sample.removed_tags)
        assert "burned" in " ".join(map(str, sample.notices))

    def test_no_value_of_a_field_is_repeated(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.DEBUG):
            sample = read_image(dicom(picture(), BurnedInAnnotation="NO"), "a.dcm")
        assert "CANARY" not in repr(sample) + caplog.text
        assert not sample.notices

    @pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT"])
    def test_window_is_applied(self, function: str) -> None:
        values = picture().astype(np.uint16) * 16
        data = dicom(values, WindowCenter=1024, WindowWidth=2048, VOILUTFunction=function)
        sample = read_image(data, "a.dcm")
        expected = (picture().astype(float) * 16 / 2048 * 255).clip(0, 255)
        assert np.abs(sample.pixels[..., 0] - expected).max() <= 1
        assert "window" in " ".join(map(str, sample.notices))

    def test_signed_values_with_rescale(self) -> None:
        values = picture().astype(np.int16) * 8 - 1024
        data = dicom(
            values, RescaleSlope="2", RescaleIntercept="-10", WindowCenter=["-10", "5"], WindowWidth=["4080", "9"]
        )
        assert read_image(data, "a.dcm").pixels.std() > 20

    def test_lookup_table(self) -> None:
        item = Dataset()
        item.LUTDescriptor, item.LUTData = [256, 0, 16], [65535 - 257 * value for value in range(256)]
        item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "US"
        sample = read_image(dicom(picture().astype(np.uint16), VOILUTSequence=[item]), "a.dcm")
        assert np.abs(sample.pixels[..., 0].astype(int) - (255 - picture().astype(int))).max() <= 1

    def test_monochrome1_is_inverted(self) -> None:
        sample = read_image(dicom(255 - picture(), PhotometricInterpretation="MONOCHROME1"), "a.dcm")
        assert (sample.pixels[..., 0] == picture()).all()

    def test_padding_does_not_stretch_the_range(self) -> None:
        values = picture().astype(np.int16) + 100
        values[:, -8:] = -2000
        sample = read_image(dicom(values, PixelPaddingValue=-2000), "a.dcm")
        assert sample.pixels[20:, :20].std() > 5
        assert sample.pixels[:, -8:].max() == 0

    def test_first_frame_of_several(self) -> None:
        frames = np.stack([picture(seed=0), picture(seed=1)])
        sample = read_image(dicom(frames, NumberOfFrames=2), "a.dcm")
        assert (sample.pixels[..., 0] == picture(seed=0)).all()
        assert "Frame 1 of 2" in " ".join(map(str, sample.notices))

    def test_colour(self) -> None:
        values = np.asarray(colour())
        options = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
        sample = read_image(dicom(values, Rows=48, Columns=64, **options), "a.dcm")
        assert (sample.pixels == values).all()

    def test_without_preamble(self) -> None:
        bare = dicom(picture())[132:]
        assert (read_image(bare, "old").pixels[..., 0] == picture()).all()

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            (dicom(picture())[:-500], "image.truncated"),
            (dicom(picture())[:200], "dicom.no_image"),
            (dicom(picture(), syntax=DeflatedExplicitVRLittleEndian), "dicom."),
            (dicom(picture()).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.9\0", 1), "dicom.unsupported"),
            (dicom(picture(), Rows=60_000, Columns=60_000), "image.too_many_pixels"),
            (dicom(picture(), Rows=0), "image.too_small"),
        ],
        ids=["cut", "header only", "deflated", "unknown syntax", "huge", "no rows"],
    )
    def test_refused(self, data: bytes, code: str) -> None:
        with pytest.raises(InputRefused) as caught:
            read_image(data, "scan.dcm")
        assert caught.value.code.startswith(code)
        assert "CANARY" not in str(caught.value)

    def test_compressed_without_decoder_is_refused(self) -> None:
        data = dicom(picture(), syntax=JPEGLSLossless, PixelData=encapsulate([b"\xff\xd8\xff\xf7" + bytes(100)]))
        with pytest.raises(InputRefused) as caught:
            read_image(data, "scan.dcm")
        assert caught.value.code == "dicom.unsupported"
        assert "JPEG-LS" in str(caught.value.message)

    @pytest.mark.parametrize("lying", [False, True])
    def test_jpeg_inside(self, lying: bool) -> None:
        inner = encode(picture(128, 96) if lying else picture(), "JPEG", quality=95)
        data = dicom(picture(), syntax=JPEGBaseline8Bit, PixelData=encapsulate([inner]))
        if lying:
            with pytest.raises(InputRefused):
                read_image(data, "scan.dcm")
        else:
            assert np.abs(read_image(data, "scan.dcm").pixels[..., 0].astype(int) - picture()).mean() < 3
