//! From pixels to a file.

use crate::{Picture, Refused};
use image::buffer::ConvertBuffer as _;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _, RgbImage, RgbaImage};

/// JPEG's quality, of 100: at 90 a photo looks like itself, also where it is turned into a JPEG for the second time.
const QUALITY: u8 = 90;

/// For photos. Transparency is lost.
pub(crate) fn jpeg(pixels: &RgbaImage) -> Result<Picture, Refused> {
    let (width, height) = pixels.dimensions();
    let rgb: RgbImage = pixels.convert();
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, QUALITY);
    encoder.write_image(&rgb, width, height, ExtendedColorType::Rgb8).map_err(|_| Refused::Broken)?;
    Ok(Picture { bytes, content_type: "image/jpeg", width, height })
}

/// For drawings, and where something shines through.
pub(crate) fn png(pixels: &RgbaImage, is_opaque: bool) -> Result<Picture, Refused> {
    let (width, height) = pixels.dimensions();
    let bytes = if is_opaque {
        rgb_png(&pixels.convert())?
    } else {
        write_png(pixels, (width, height), ExtendedColorType::Rgba8)?
    };
    Ok(Picture { bytes, content_type: "image/png", width, height })
}

/// A PNG of opaque pixels.
pub(crate) fn rgb_png(rgb: &RgbImage) -> Result<Vec<u8>, Refused> {
    write_png(rgb, rgb.dimensions(), ExtendedColorType::Rgb8)
}

fn write_png(raw: &[u8], (width, height): (u32, u32), color: ExtendedColorType) -> Result<Vec<u8>, Refused> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Default, FilterType::Adaptive);
    encoder.write_image(raw, width, height, color).map_err(|_| Refused::Broken)?;
    Ok(bytes)
}
