//! Pictures to upload.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder as _, Rgb, RgbImage, Rgba, RgbaImage};

/// Colours that change slowly, as in a photo; every corner is another.
pub fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let part = |at: u32, of: u32| u8::try_from(at * 255 / of.max(1)).unwrap_or_default();
        Rgb([part(x, width), part(y, height), part(x + y, width + height)])
    })
}

/// The file of [`photo`] as a PNG.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let written = DynamicImage::ImageRgb8(photo(width, height)).write_with_encoder(PngEncoder::new(&mut file));
    written.expect("a picture");
    file
}

/// A square PNG of transparent noise, which no format makes smaller.
pub fn noise(side: u32) -> Vec<u8> {
    let mut state = 1_u32;
    let pixels = RgbaImage::from_fn(side, side, |_, _| {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        Rgba(state.to_le_bytes())
    });
    let mut file = Vec::new();
    let written = DynamicImage::ImageRgba8(pixels).write_with_encoder(PngEncoder::new(&mut file));
    written.expect("a picture");
    file
}

/// The file of [`photo`] as a JPEG, as a phone writes it: turned by `orientation` (EXIF's 1 to 8), with the maker's name
/// and the place.
pub fn phone_jpeg(width: u32, height: u32, orientation: u8) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = JpegEncoder::new_with_quality(&mut file, 95);
    encoder.set_exif_metadata(exif(orientation)).expect("EXIF");
    encoder.write_image(&photo(width, height), width, height, ExtendedColorType::Rgb8).expect("a picture");
    file
}

/// What [`phone_jpeg`] names as its maker.
pub const MAKER: &str = "Ada's own phone";
/// The bytes of the latitude that [`phone_jpeg`] names: 50 degrees, 55 minutes, 42.42 seconds.
pub const LATITUDE: [u8; 24] = [50, 0, 0, 0, 1, 0, 0, 0, 55, 0, 0, 0, 1, 0, 0, 0, 0x92, 0x10, 0, 0, 100, 0, 0, 0];

/// A directory with orientation, maker and place (Exif 2.3, sections 4.6.2 to 4.6.6).
fn exif(orientation: u8) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat()
    };
    // After the header the three entries, then the maker's name, then the two entries of the place.
    let (maker_at, place_at) = (50_u32, 66_u32);
    let latitude_at = place_at + 30;
    [
        b"II*\0\x08\0\0\0\x03\0",
        &entry(0x010F, 2, 16, maker_at.to_le_bytes())[..],
        &entry(0x0112, 3, 1, [orientation, 0, 0, 0]),
        &entry(0x8825, 4, 1, place_at.to_le_bytes()),
        &[0; 4],
        MAKER.as_bytes(),
        &[0, 2, 0],
        &entry(1, 2, 2, *b"N\0\0\0"),
        &entry(2, 5, 3, latitude_at.to_le_bytes()),
        &[0; 4],
        &LATITUDE,
    ]
    .concat()
}
