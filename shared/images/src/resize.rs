//! From many pixels to fewer.

use crate::Refused;
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{PixelType, ResizeOptions, Resizer};
use image::RgbaImage;

/// Makes a picture fit into a square of `side` pixels; one that fits stays as it is.
///
/// Colours of transparent pixels do not run into others, which `image`'s own resizing lets them do.
pub(crate) fn fit(pixels: RgbaImage, is_opaque: bool, side: u32) -> Result<RgbaImage, Refused> {
    let (width, height) = pixels.dimensions();
    let longest = width.max(height);
    if longest <= side {
        return Ok(pixels);
    }
    let scaled = |length: u32| ((length * side + longest / 2) / longest).max(1);
    let from = ImageRef::new(width, height, pixels.as_raw(), PixelType::U8x4).map_err(|_| Refused::Broken)?;
    let mut to = Image::new(scaled(width), scaled(height), PixelType::U8x4);
    let options = ResizeOptions::new().use_alpha(!is_opaque);
    Resizer::new().resize(&from, &mut to, &options).map_err(|_| Refused::Broken)?;
    let (width, height) = (to.width(), to.height());
    RgbaImage::from_raw(width, height, to.into_vec()).ok_or(Refused::Broken)
}
