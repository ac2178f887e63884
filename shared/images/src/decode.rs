//! From a file to pixels.

use crate::{MAX_BYTES, MAX_SIDE, Refused, look};
use image::error::ImageError;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage};
use std::io::Cursor;

/// What a decoder may allocate, in bytes: twice the largest picture with 16 bits in each of four channels.
const MEMORY: u64 = 2 * 8 * MAX_SIDE as u64 * MAX_SIDE as u64;

/// A decoded upload.
pub(crate) struct Decoded {
    /// As they are in the file, not turned yet.
    pub(crate) pixels: RgbaImage,
    /// How a viewer has to turn them.
    pub(crate) orientation: Orientation,
    /// No pixel lets anything shine through.
    pub(crate) is_opaque: bool,
    /// It came as a PNG.
    pub(crate) was_png: bool,
}

/// Reads an upload. The first frame of an animation is the picture.
pub(crate) fn decode(upload: &[u8]) -> Result<Decoded, Refused> {
    if upload.is_empty() {
        return Err(Refused::Empty);
    }
    if upload.len() > MAX_BYTES {
        return Err(Refused::TooManyBytes);
    }
    let format = image::guess_format(upload).map_err(|_| Refused::NotAPicture)?;
    match format {
        ImageFormat::Jpeg => look::jpeg(upload)?,
        ImageFormat::WebP => look::webp(upload)?,
        ImageFormat::Png => {}
        _ => return Err(Refused::NotAPicture),
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MAX_SIDE), Some(MAX_SIDE));
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    reader.limits(limits);
    // Up to here nothing but headers has been read.
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;
    if decoder.dimensions().0 == 0 || decoder.dimensions().1 == 0 {
        return Err(Refused::Broken);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let has_alpha = decoder.color_type().has_alpha();
    let pixels = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?.into_rgba8();
    let is_opaque = !has_alpha || pixels.pixels().all(|pixel| pixel.0[3] == u8::MAX);
    Ok(Decoded { pixels, orientation, is_opaque, was_png: format == ImageFormat::Png })
}

/// Turns and mirrors pixels as the file's EXIF asks, which is then no longer needed.
pub(crate) fn turn(pixels: RgbaImage, orientation: Orientation) -> RgbaImage {
    let mut turned = DynamicImage::ImageRgba8(pixels);
    turned.apply_orientation(orientation);
    turned.into_rgba8()
}

fn refused(error: &ImageError) -> Refused {
    match error {
        ImageError::Limits(_) => Refused::TooManyPixels,
        _ => Refused::Broken,
    }
}
