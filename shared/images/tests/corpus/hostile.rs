//! What is refused, and why; and that nothing brings the decoder down.

use crate::files::{
    drawing, exif, grey_jpeg, jpeg, lossy_frame, photo, png, png_chunk, png_header, riff, riff_canvas, riff_chunk, webp,
};
use image::DynamicImage;
use kith_images::Refused::{Broken, Empty, NotAPicture, TooManyBytes, TooManyPixels};
use kith_images::{MAX_BYTES, MAX_SIDE, Refused, render};

fn refusal(file: &[u8]) -> Option<Refused> {
    render(file).err()
}

fn good() -> [(&'static str, Vec<u8>); 4] {
    let pixels = DynamicImage::ImageRgb8(photo(300, 200));
    [
        ("png", png(&pixels)),
        ("jpeg", jpeg(&pixels)),
        ("webp", webp(&pixels)),
        ("transparent webp", webp(&DynamicImage::ImageRgba8(drawing(100, 80)))),
    ]
}

#[test]
fn c22_an_empty_file_is_refused() {
    assert_eq!(refusal(b""), Some(Empty));
}

#[test]
fn c22_what_is_no_picture_by_its_content_is_refused() {
    let svg = br#"<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>"#;
    let html = b"<!doctype html><title>no picture</title><script>alert(1)</script>";
    for other in [
        &svg[..],
        html,
        b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;",
        b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0",
        b"II*\0\x08\0\0\0\0\0\0\0\0\0",
        b"\0\0\0\x20ftypavif\0\0\0\0avifmif1",
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"%PDF-1.7\n",
        b"PK\x03\x04",
        b"MZ\x90\0",
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"just some text",
        b"\xff",
        b"\x89PN",
    ] {
        assert_eq!(refusal(other), Some(NotAPicture), "{:?}", String::from_utf8_lossy(other));
    }
}

#[test]
fn c22_a_file_of_4_mib_is_looked_at_and_a_byte_more_is_not() {
    let mut file = png(&DynamicImage::ImageRgb8(photo(20, 20)));
    // Whatever follows the end of a PNG is not looked at.
    file.resize(MAX_BYTES, 0);
    assert_eq!(refusal(&file), None);
    file.push(0);
    assert_eq!(refusal(&file), Some(TooManyBytes));
}

#[test]
fn c22_4096_pixels_are_taken_and_one_more_is_not() {
    let side = |width, height| DynamicImage::ImageRgb8(photo(width, height));
    for (width, height) in [(MAX_SIDE, 2), (2, MAX_SIDE)] {
        for file in [png(&side(width, height)), jpeg(&side(width, height)), webp(&side(width, height))] {
            assert_eq!(refusal(&file), None, "{width}x{height}");
        }
    }
    for (width, height) in [(MAX_SIDE + 1, 2), (2, MAX_SIDE + 1)] {
        for file in [png(&side(width, height)), jpeg(&side(width, height)), webp(&side(width, height))] {
            assert_eq!(refusal(&file), Some(TooManyPixels), "{width}x{height}");
        }
    }
}

#[test]
fn c22_a_bomb_is_refused_by_its_header() {
    // Each says that it is huge and has nothing behind that, so only who looks at the header can say so.
    let lossy = |width, height| riff_chunk(*b"VP8 ", 74, &lossy_frame(width, height));
    let lossless = [0x2F, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0];
    for (name, bomb) in [
        ("png", png_header(60_000, 60_000)),
        ("png of 2^31", png_header(0x7FFF_FFFF, 0x7FFF_FFFF)),
        ("jpeg", grey_jpeg(65_500, 8, 3, 0xC0)),
        ("webp", riff(&[lossy(16_383, 16_383)])),
        ("lossless webp", riff(&[riff_chunk(*b"VP8L", 8, &lossless)])),
        ("huge canvas", riff(&[riff_canvas(0, 1 << 20, 1 << 8), lossy(10, 10)])),
        // The canvas is small, the frame that is to be painted on it is not.
        ("frame in small canvas", riff(&[riff_canvas(0, 10, 10), lossy(16_383, 16_383)])),
        ("second frame", riff(&[lossy(10, 10), lossy(16_383, 16_383)])),
        (
            "animation",
            riff(&[
                riff_canvas(2, 10, 10),
                riff_chunk(*b"ANIM", 6, &[0; 6]),
                riff_chunk(*b"ANMF", 98, &[vec![0; 16], lossy(16_383, 16_383)].concat()),
            ]),
        ),
    ] {
        assert_eq!(refusal(&bomb), Some(TooManyPixels), "{name}");
    }
}

#[test]
fn c22_a_chunk_that_says_it_is_gigabytes_long_is_refused() {
    let webp = riff(&[
        riff_canvas(8, 10, 10),
        riff_chunk(*b"VP8 ", 74, &lossy_frame(10, 10)),
        riff_chunk(*b"EXIF", 0xFFFF_FFF0, &exif(1)),
    ]);
    assert_eq!(refusal(&webp), Some(Broken));
    let mut png = png_header(10, 10);
    png.extend([0x7F, 0xFF, 0xFF, 0xFF]);
    png.extend(b"iCCPprofile\0\0");
    assert_eq!(refusal(&png), Some(Broken));
}

#[test]
fn c22_a_jpeg_of_endless_scans_is_refused() {
    let mut file = grey_jpeg(4_096, 4_096, 1, 0xC2);
    file.truncate(file.len() - 2);
    // Every scan goes over all blocks, 16,384 at a time: little to send, much to do.
    let run_of_blocks = [&[0xFF, 0xC4, 0, 20, 0x10, 1][..], &[0; 15], &[0xE0]].concat();
    let scan = [&run_of_blocks[..], &[0xFF, 0xDA, 0, 8, 1, 1, 0, 1, 63, 0], &[0; 30]].concat();
    for _ in 0..2_000 {
        file.extend(&scan);
    }
    file.extend([0xFF, 0xD9]);
    assert_eq!(refusal(&file), Some(Broken));
}

#[test]
fn c22_a_file_that_ends_early_is_refused_wherever_it_ends() {
    for (name, file) in good() {
        for part in 0..50 {
            let length = file.len() * part / 50;
            let refusal = refusal(&file[..length]);
            assert!(refusal.is_some(), "{name} of {length} of {} bytes", file.len());
            assert!(length < 16 || refusal == Some(Broken), "{name}, {length} bytes: {refusal:?}");
        }
    }
}

#[test]
fn a_picture_without_height_or_width_is_refused() {
    let nothing =
        [png_header(0, 10), png_header(10, 0), grey_jpeg(8, 0, 1, 0xC0), riff(&[]), riff(&[riff_canvas(0, 9, 9)])];
    for file in nothing {
        assert_eq!(refusal(&file), Some(Broken));
    }
}

#[test]
fn a_picture_that_is_something_else_as_well_comes_out_as_a_picture_only() {
    let script = b"<html><script>alert(document.domain)</script>";
    for (name, file) in good().into_iter().filter(|(name, _)| *name == "png" || *name == "jpeg") {
        // Behind the end, and in a comment or a text before the pixels.
        let behind = [&file[..], script].concat();
        let before = if name == "png" {
            [&file[..33], &png_chunk(*b"tEXt", &[b"Comment\0", &script[..]].concat()), &file[33..]].concat()
        } else {
            let length = u16::try_from(script.len() + 2).unwrap().to_be_bytes();
            [&file[..2], &[0xFF, 0xFE], &length, script, &file[2..]].concat()
        };
        for hybrid in [behind, before] {
            let made = render(&hybrid).unwrap();
            for picture in [made.large, made.small] {
                assert!(!picture.bytes.windows(6).any(|part| part == b"script"), "{name}");
            }
        }
    }
}

#[test]
fn an_animation_is_its_first_frame() {
    let frame = |colour: u8| {
        let still = webp(&DynamicImage::ImageRgb8(image::RgbImage::from_pixel(20, 10, image::Rgb([colour, 0, 0]))));
        let place = [&[0; 6][..], &[19, 0, 0, 9, 0, 0], &[100, 0, 0, 0]].concat();
        let payload = [place, still[12..].to_vec()].concat();
        riff_chunk(*b"ANMF", u32::try_from(payload.len()).unwrap(), &payload)
    };
    let file = riff(&[riff_canvas(2, 20, 10), riff_chunk(*b"ANIM", 6, &[0; 6]), frame(200), frame(20)]);
    let made = render(&file).unwrap();
    assert_eq!((made.large.width, made.large.height), (20, 10));
    let shown = image::load_from_memory(&made.large.bytes).unwrap().into_rgb8();
    assert!(shown.pixels().all(|pixel| pixel.0[0].abs_diff(200) < 4));
}

#[test]
fn whatever_is_changed_in_a_file_the_answer_is_a_picture_or_a_refusal() {
    let mut random = fastrand::Rng::with_seed(7);
    let exotic = [
        ("four channels", grey_jpeg(40, 40, 4, 0xC0)),
        ("progressive", grey_jpeg(40, 40, 3, 0xC2)),
        (
            "canvas",
            riff(&[
                riff_canvas(8, 10, 10),
                riff_chunk(*b"VP8 ", 74, &lossy_frame(10, 10)),
                riff_chunk(*b"EXIF", 94, &exif(6)),
            ]),
        ),
    ];
    for (name, file) in good().into_iter().chain(exotic) {
        for round in 0..400 {
            let mut changed = file.clone();
            for _ in 0..random.usize(1..8) {
                let at = random.usize(..changed.len());
                match random.u8(..4) {
                    0 => changed[at] = random.u8(..),
                    1 => changed[at] ^= 1 << random.u8(..8),
                    2 => changed.insert(at, random.u8(..)),
                    // Mostly in the headers, where it matters most.
                    _ => changed[at % 64] = *random.choice([0, 1, 0x7F, 0x80, 0xFF].iter()).unwrap(),
                }
            }
            let made = std::panic::catch_unwind(|| render(&changed).map(drop));
            assert!(made.is_ok(), "{name}, round {round}, brings it down");
        }
    }
}
