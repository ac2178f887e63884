//! Of what a file says about its picture, only how to turn it is heeded, and nothing is kept.

use crate::files::{all_with_metadata, exif, photo};
use image::{GenericImageView as _, Rgb, RgbImage};
use kith_images::{Picture, render};

/// The segments of a JPEG up to its pixels.
fn segments(file: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    let mut at = 2;
    loop {
        assert_eq!(file[at], 0xFF);
        found.push(file[at + 1]);
        if file[at + 1] == 0xDA {
            return found;
        }
        at += 2 + usize::from(u16::from_be_bytes([file[at + 2], file[at + 3]]));
    }
}

/// The chunks of a PNG.
fn chunks(file: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 8;
    while at < file.len() {
        let length = u32::from_be_bytes(file[at..at + 4].try_into().unwrap());
        found.push(String::from_utf8(file[at + 4..at + 8].to_vec()).unwrap());
        at += 12 + usize::try_from(length).unwrap();
    }
    found
}

/// The file holds what a decoder needs and nothing else.
fn assert_bare(picture: &Picture) {
    if picture.content_type == "image/png" {
        assert!(chunks(&picture.bytes).iter().all(|name| ["IHDR", "IDAT", "IEND"].contains(&name.as_str())));
    } else {
        // JFIF's own header, tables, frame and scan: no EXIF, XMP or profile (APP1, APP2), no comment.
        assert!(segments(&picture.bytes).iter().all(|kind| [0xE0, 0xDB, 0xC0, 0xC4, 0xDA].contains(kind)));
    }
    for told in [&b"Exif"[..], b"Ada's own phone", b"calibrated", b"ICC_PROFILE", b"xmp"] {
        assert!(!picture.bytes.windows(told.len()).any(|part| part == told), "it still says {told:?}");
    }
}

#[test]
fn c23_no_exif_no_place_and_no_profile_is_left_in_any_format() {
    for (name, file) in all_with_metadata(&photo(640, 480), &exif(1)) {
        assert!(file.windows(15).any(|part| part == b"Ada's own phone"), "{name} has no EXIF to begin with");
        let made = render(&file).unwrap();
        assert_bare(&made.large);
        assert_bare(&made.small);
    }
}

/// Four corners of four colours, large enough that JPEG keeps them apart.
fn corners() -> RgbImage {
    RgbImage::from_fn(320, 160, |x, y| match (x < 160, y < 80) {
        (true, true) => Rgb([255, 0, 0]),
        (false, true) => Rgb([0, 255, 0]),
        (true, false) => Rgb([0, 0, 255]),
        (false, false) => Rgb([255, 255, 255]),
    })
}

/// Which colours are left above, right above, left below, right below.
fn seen(picture: &Picture) -> String {
    let pixels = image::load_from_memory(&picture.bytes).unwrap();
    let (width, height) = pixels.dimensions();
    let colour = |x: u32, y: u32| match pixels.get_pixel(x, y).0 {
        [200..=255, 0..=60, 0..=60, _] => 'r',
        [0..=60, 200..=255, 0..=60, _] => 'g',
        [0..=60, 0..=60, 200..=255, _] => 'b',
        [200..=255, 200..=255, 200..=255, _] => 'w',
        other => panic!("{other:?} at {x}, {y}"),
    };
    let (left, right, above, below) = (width / 8, width - width / 8, height / 8, height - height / 8);
    [(left, above), (right, above), (left, below), (right, below)].into_iter().map(|(x, y)| colour(x, y)).collect()
}

#[test]
fn c23_a_picture_is_turned_as_its_exif_says() {
    // What is stored as `rg` over `bw`, shown by each of the eight orientations of EXIF.
    let expected = ["rgbw", "grwb", "wbgr", "bwrg", "rbgw", "brwg", "wgbr", "gwrb"];
    for (orientation, expected) in (1..).zip(expected) {
        for (name, file) in all_with_metadata(&corners(), &exif(orientation)) {
            let made = render(&file).unwrap();
            for picture in [&made.large, &made.small] {
                assert_eq!(seen(picture), expected, "{name}, orientation {orientation}");
                let is_upright = orientation > 4;
                assert_eq!(picture.width < picture.height, is_upright, "{name}, orientation {orientation}");
            }
        }
    }
}

#[test]
fn exif_that_makes_no_sense_is_ignored() {
    let endless = [&b"II*\0\x08\0\0\0"[..], &[0xFF; 40]].concat();
    for told in [exif(0), exif(9), b"II*\0".to_vec(), endless, vec![0; 3]] {
        for (name, file) in all_with_metadata(&corners(), &told) {
            assert_eq!(seen(&render(&file).unwrap().large), "rgbw", "{name}");
        }
    }
}
