//! Pictures for the requests that upload one, made here: a file of that size has no place in the repository.

use std::sync::OnceLock;

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};

use super::BenchError;

/// A photo as a phone takes it: 12 megapixels, some 2 MB.
pub(super) fn photo() -> Result<&'static [u8], BenchError> {
    static PHOTO: OnceLock<Vec<u8>> = OnceLock::new();
    made(&PHOTO, 4000, 3000)
}

/// One pixel.
pub(super) fn dot() -> Result<&'static [u8], BenchError> {
    static DOT: OnceLock<Vec<u8>> = OnceLock::new();
    made(&DOT, 1, 1)
}

fn made(place: &'static OnceLock<Vec<u8>>, width: u32, height: u32) -> Result<&'static [u8], BenchError> {
    if let Some(made) = place.get() {
        return Ok(made);
    }
    // Grain on slowly changing colours: what a sensor makes of a wall.
    let mut random = fastrand::Rng::with_seed(1);
    let pixels = RgbImage::from_fn(width, height, |x, y| {
        let mut shade = |at: u32, of: u32| u8::try_from(at * 200 / of).unwrap_or_default() + random.u8(..12);
        Rgb([shade(x, width), shade(y, height), shade(x + y, width + height)])
    });
    let mut file = Vec::new();
    let written = pixels.write_with_encoder(JpegEncoder::new_with_quality(&mut file, 90));
    written.map_err(|error| BenchError::function("set-profile-photo", error.to_string()))?;
    Ok(place.get_or_init(|| file))
}
