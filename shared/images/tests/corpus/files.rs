//! Makes files, as cameras, drawing programs and attackers do.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageEncoder, Rgb, RgbImage, Rgba, RgbaImage};

/// Colours that change slowly, as in a photo; every corner is another.
pub(crate) fn photo(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let part = |at: u32, of: u32| u8::try_from(at * 255 / of.max(1)).unwrap();
        Rgb([part(x, width), part(y, height), part(x + y, width + height)])
    })
}

/// Drawn with sharp edges on a transparent ground.
pub(crate) fn drawing(width: u32, height: u32) -> RgbaImage {
    RgbaImage::from_fn(width, height, |x, y| {
        if (x / 8 + y / 8) % 2 == 0 { Rgba([200, 30, 90, 255]) } else { Rgba([0, 255, 0, 0]) }
    })
}

pub(crate) fn png(pixels: &DynamicImage) -> Vec<u8> {
    let mut file = Vec::new();
    pixels.write_with_encoder(PngEncoder::new(&mut file)).unwrap();
    file
}

pub(crate) fn jpeg(pixels: &DynamicImage) -> Vec<u8> {
    let mut file = Vec::new();
    pixels.write_with_encoder(JpegEncoder::new_with_quality(&mut file, 95)).unwrap();
    file
}

/// Without loss.
pub(crate) fn webp(pixels: &DynamicImage) -> Vec<u8> {
    let mut file = Vec::new();
    pixels.write_with_encoder(WebPEncoder::new_lossless(&mut file)).unwrap();
    file
}

/// The file of a photo in each of the three formats, with EXIF and a colour profile.
pub(crate) fn all_with_metadata(photo: &RgbImage, exif: &[u8]) -> [(&'static str, Vec<u8>); 3] {
    fn write(mut encoder: impl ImageEncoder, photo: &RgbImage, exif: &[u8]) {
        encoder.set_exif_metadata(exif.to_vec()).unwrap();
        encoder.set_icc_profile(b"a colour profile that says who calibrated it".to_vec()).unwrap();
        encoder.write_image(photo, photo.width(), photo.height(), image::ExtendedColorType::Rgb8).unwrap();
    }
    let (mut png, mut jpeg, mut webp) = (Vec::new(), Vec::new(), Vec::new());
    write(PngEncoder::new(&mut png), photo, exif);
    write(JpegEncoder::new_with_quality(&mut jpeg, 95), photo, exif);
    write(WebPEncoder::new_lossless(&mut webp), photo, exif);
    [("png", png), ("jpeg", jpeg), ("webp", webp)]
}

/// EXIF as a phone writes it: how to turn the picture, who made it, and where it was.
pub(crate) fn exif(orientation: u16) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value].concat()
    };
    let [low, high] = orientation.to_le_bytes();
    let (maker_at, gps_at) = (50_u32, 66_u32);
    let position_at = gps_at + 2 + 2 * 12 + 4;
    tiff.extend(3_u16.to_le_bytes());
    tiff.extend(entry(0x010F, 2, 16, maker_at.to_le_bytes()));
    tiff.extend(entry(0x0112, 3, 1, [low, high, 0, 0]));
    tiff.extend(entry(0x8825, 4, 1, gps_at.to_le_bytes()));
    tiff.extend(0_u32.to_le_bytes());
    tiff.extend(b"Ada's own phone\0");
    tiff.extend(2_u16.to_le_bytes());
    tiff.extend(entry(1, 2, 2, *b"N\0\0\0"));
    tiff.extend(entry(2, 5, 3, position_at.to_le_bytes()));
    tiff.extend(0_u32.to_le_bytes());
    for part in [50_u32, 1, 55, 1, 4_242, 100] {
        tiff.extend(part.to_le_bytes());
    }
    tiff
}

/// A JPEG of one grey, by hand: `components` channels, baseline (0xC0) or progressive (0xC2).
pub(crate) fn grey_jpeg(width: u16, height: u16, components: u8, frame: u8) -> Vec<u8> {
    let mut file = vec![0xFF, 0xD8];
    let mut segment = |marker: u8, payload: &[u8]| {
        file.extend([0xFF, marker]);
        file.extend(u16::try_from(payload.len() + 2).unwrap().to_be_bytes());
        file.extend(payload);
    };
    segment(0xDB, &[&[0][..], &[1; 64]].concat());
    let mut header = vec![8];
    header.extend(height.to_be_bytes());
    header.extend(width.to_be_bytes());
    header.push(components);
    for id in 1..=components {
        header.extend([id, 0x11, 0]);
    }
    segment(frame, &header);
    // Of each table one code, of one bit: no difference, and end of block.
    for table in [0x00, 0x10] {
        segment(0xC4, &[&[table, 1][..], &[0; 15], &[0]].concat());
    }
    let mut scan = vec![components];
    for id in 1..=components {
        scan.extend([id, 0]);
    }
    let last = if frame == 0xC2 { 0 } else { 63 };
    scan.extend([0, last, 0]);
    segment(0xDA, &scan);
    let blocks = usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8)) * usize::from(components);
    let bits = if frame == 0xC2 { blocks } else { blocks * 2 };
    file.extend(vec![0; bits.div_ceil(8)]);
    file.extend([0xFF, 0xD9]);
    file
}

/// A chunk of a PNG.
pub(crate) fn png_chunk(name: [u8; 4], payload: &[u8]) -> Vec<u8> {
    let named = [&name[..], payload].concat();
    [&u32::try_from(payload.len()).unwrap().to_be_bytes()[..], &named, &crc(&named).to_be_bytes()].concat()
}

/// A PNG that says it has so many pixels, with nothing behind it.
pub(crate) fn png_header(width: u32, height: u32) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &png_chunk(*b"IHDR", &header)].concat()
}

/// A chunk of a WebP, saying that it is `length` long.
pub(crate) fn riff_chunk(name: [u8; 4], length: u32, payload: &[u8]) -> Vec<u8> {
    let padding = vec![0; payload.len() % 2];
    [&name[..], &length.to_le_bytes(), payload, &padding].concat()
}

/// A WebP of these chunks.
pub(crate) fn riff(chunks: &[Vec<u8>]) -> Vec<u8> {
    let chunks = chunks.concat();
    let length = u32::try_from(chunks.len() + 4).unwrap();
    [&b"RIFF"[..], &length.to_le_bytes(), b"WEBP", &chunks].concat()
}

/// The header of a WebP that has more than pixels: flags, and the size of its canvas.
pub(crate) fn riff_canvas(flags: u8, width: u32, height: u32) -> Vec<u8> {
    let (width, height) = ((width - 1).to_le_bytes(), (height - 1).to_le_bytes());
    riff_chunk(*b"VP8X", 10, &[&[flags, 0, 0, 0][..], &width[..3], &height[..3]].concat())
}

/// The start of a lossy frame that says it is so large.
pub(crate) fn lossy_frame(width: u16, height: u16) -> Vec<u8> {
    let header = [&[0x10, 0x02, 0x00, 0x9D, 0x01, 0x2A][..], &width.to_le_bytes(), &height.to_le_bytes()].concat();
    [header, vec![0; 64]].concat()
}

fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xEDB8_8320 } else { crc >> 1 })
    })
}
