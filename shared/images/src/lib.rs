//! Pictures that people upload: refused before they can do harm, or made anew from their pixels alone, in two sizes.
//!
//! Pure work for the processor, no I/O. What comes out holds nothing that went in but pixels: no EXIF, no place, no
//! text, no colour profile, no second frame.
//!
//! A picture is judged by its content, never by its name or type. Everything that costs memory is bounded before it is
//! done: the size in bytes, the size in pixels as the header tells it, and what the decoder may allocate.

mod decode;
mod encode;
mod look;
mod resize;

use image::RgbaImage;
use resize::fit;

/// The largest upload, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;
/// The largest file that is made of a photo, in bytes: what is shown most often bounds what a day can cost.
pub const MAX_FILE: usize = 1024 * 1024;
/// The longest side of an upload, in pixels.
pub const MAX_SIDE: u32 = 4096;
/// The longest side of the large size, in pixels.
pub const LARGE: u32 = 1024;
/// The longest side of the small size, in pixels.
pub const SMALL: u32 = 200;

/// Why an upload is no picture that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is nothing in it.
    #[error("the file is empty")]
    Empty,
    /// It has more than [`MAX_BYTES`].
    #[error("the file has too many bytes")]
    TooManyBytes,
    /// By its content it is neither PNG nor JPEG nor WebP.
    #[error("the file is neither PNG nor JPEG nor WebP")]
    NotAPicture,
    /// It is wider or higher than [`MAX_SIDE`], or would take too much memory.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// It begins like a picture and does not go on like one.
    #[error("the picture is broken or not complete")]
    Broken,
}

/// What is made of an upload.
#[derive(Debug)]
pub struct Photo {
    /// Fits into [`LARGE`] by [`LARGE`] pixels.
    pub large: Picture,
    /// Fits into [`SMALL`] by [`SMALL`] pixels.
    pub small: Picture,
}

/// A picture in a file format that every browser shows.
#[derive(Debug)]
pub struct Picture {
    /// The file.
    pub bytes: Vec<u8>,
    /// `image/jpeg` or `image/png`.
    pub content_type: &'static str,
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
}

/// Makes an upload anew in two sizes, each in at most [`MAX_FILE`] bytes. Neither has more pixels than the upload; the
/// aspect stays, but for rounding.
///
/// What has transparent parts, and every PNG, becomes a PNG, so that drawings stay sharp; photos become a JPEG. A PNG
/// that would be too large is no drawing: it becomes a JPEG, too, or, where something shines through, a smaller PNG.
pub fn render(upload: &[u8]) -> Result<Photo, Refused> {
    let decoded = decode::decode(upload)?;
    let large = fit(decoded.pixels, decoded.is_opaque, LARGE)?;
    // The smaller picture is turned, not the one of up to 64 MiB.
    let large = decode::turn(large, decoded.orientation);
    let small = fit(large.clone(), decoded.is_opaque, SMALL)?;
    let is_drawing = decoded.was_png || !decoded.is_opaque;
    let file = |pixels| file(pixels, decoded.is_opaque, is_drawing);
    Ok(Photo { small: file(small)?, large: file(large)? })
}

fn file(pixels: RgbaImage, is_opaque: bool, is_drawing: bool) -> Result<Picture, Refused> {
    if is_drawing {
        let drawing = encode::png(&pixels, is_opaque)?;
        if drawing.bytes.len() <= MAX_FILE {
            return Ok(drawing);
        }
    }
    if is_opaque {
        let photo = encode::jpeg(&pixels)?;
        if photo.bytes.len() <= MAX_FILE {
            return Ok(photo);
        }
    }
    let half = pixels.width().max(pixels.height()) / 2;
    file(fit(pixels, is_opaque, half)?, is_opaque, is_drawing)
}

/// Writes RGB pixels, row by row, as a PNG; [`Refused::Broken`] if they are not `width` times `height`.
pub fn png(width: u32, height: u32, rgb: Vec<u8>) -> Result<Vec<u8>, Refused> {
    encode::rgb_png(&image::RgbImage::from_raw(width, height, rgb).ok_or(Refused::Broken)?)
}
