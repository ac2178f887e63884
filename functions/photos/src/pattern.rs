//! Patterns of round shapes on coloured tiles, in the colours of the project.
//!
//! Deterministic: the hash of a text chooses colours and shapes, so the pattern of an id is the same for ever.

use aws_lc_rs::digest::{SHA512, digest};

/// Side of a tile, in pixels.
const TILE: u32 = 100;

type Colour = [u8; 3];

const PAPER: Colour = [0xF7, 0xF2, 0xEA];
const SAND: Colour = [0xEA, 0xDF, 0xD0];
const INK: Colour = [0x2C, 0x25, 0x21];
const RUST: Colour = [0xA3, 0x40, 0x1F];
const PEACH: Colour = [0xF0, 0xA2, 0x83];
const FOREST: Colour = [0x2F, 0x6B, 0x3F];
const MINT: Colour = [0x9B, 0xD0, 0xA5];
const WINE: Colour = [0xA1, 0x16, 0x2B];

/// Colours that go together. Neighbours in a row, and the last and the first, are easy to tell apart.
const PALETTES: [[Colour; 5]; 6] = [
    [RUST, PAPER, FOREST, PEACH, INK],
    [FOREST, SAND, RUST, MINT, INK],
    [PEACH, INK, PAPER, WINE, SAND],
    [MINT, FOREST, PAPER, INK, PEACH],
    [INK, PEACH, RUST, SAND, FOREST],
    [WINE, SAND, INK, PEACH, PAPER],
];

/// A disc in a tile: centre and radius in tiles.
#[derive(Clone, Copy)]
struct Disc {
    x: f32,
    y: f32,
    radius: f32,
}

/// Where all of some discs overlap, filled with a colour.
struct Layer {
    discs: Vec<Disc>,
    colour: Colour,
}

/// RGB pixels, row by row, of a pattern in whole tiles.
pub(crate) fn draw(seed: &str, width: u32, height: u32) -> Vec<u8> {
    let hash = digest(&SHA512, seed.as_bytes());
    // 64 bytes are enough for the 20 tiles of the largest picture.
    let mut choices = hash.as_ref().iter().copied().cycle();
    let mut choose = |of: usize| usize::from(choices.next().unwrap_or_default()) % of;
    let palette = PALETTES.get(choose(PALETTES.len())).copied().unwrap_or_default();
    let across = width.div_ceil(TILE);
    let tiles: Vec<(Colour, Vec<Layer>)> =
        (0..across * height.div_ceil(TILE)).map(|_| tile(&palette, &mut choose)).collect();
    let mut pixels = Vec::new();
    for y in 0..height {
        for x in 0..width {
            let place = usize::try_from(y / TILE * across + x / TILE).unwrap_or_default();
            let Some((ground, layers)) = tiles.get(place) else { continue };
            pixels.extend(layers.iter().fold(*ground, |below, layer| layer.over(below, x % TILE, y % TILE)));
        }
    }
    pixels
}

/// The ground of a tile and what is on it.
fn tile(palette: &[Colour; 5], choose: &mut impl FnMut(usize) -> usize) -> (Colour, Vec<Layer>) {
    let (first, shape, corner) = (choose(palette.len()), choose(5), choose(4));
    let colour = |steps: usize| palette.iter().cycle().nth(first + steps).copied().unwrap_or_default();
    let (x, y) = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)].get(corner).copied().unwrap_or_default();
    let disc = |x, y, radius| Disc { x, y, radius };
    let layer = |discs: &[Disc], steps| Layer { discs: discs.to_vec(), colour: colour(steps) };
    let layers = match shape {
        // A quarter of a disc.
        0 => vec![layer(&[disc(x, y, 1.0)], 1)],
        // Rings around a corner.
        1 => vec![layer(&[disc(x, y, 1.0)], 1), layer(&[disc(x, y, 2.0 / 3.0)], 0), layer(&[disc(x, y, 1.0 / 3.0)], 1)],
        // A disc in a disc.
        2 => vec![layer(&[disc(0.5, 0.5, 0.5)], 1), layer(&[disc(0.5, 0.5, 0.2)], 2)],
        // A leaf from corner to corner.
        3 => vec![layer(&[disc(x, y, 1.0), disc(1.0 - x, 1.0 - y, 1.0)], 1)],
        // Half a disc, and beside it a leaf or the other half.
        _ if corner % 2 == 0 => {
            vec![layer(&[disc(0.0, 0.5, 0.5)], 1), layer(&[disc(0.5, 0.5, 0.5), disc(1.0, 0.5, 0.5)], 2)]
        }
        _ => vec![layer(&[disc(0.5, 0.0, 0.5)], 1), layer(&[disc(0.5, 1.0, 0.5)], 2)],
    };
    (colour(0), layers)
}

impl Layer {
    /// The colour of a pixel of the tile with this layer over what is below.
    fn over(&self, below: Colour, x: u32, y: u32) -> Colour {
        // How far the pixel's middle is outside, in pixels: along an edge, so much of the pixel shows what is below.
        let outside = self.discs.iter().map(|disc| disc.outside(x, y)).fold(f32::MIN, f32::max);
        let covered = (0.5 - outside).clamp(0.0, 1.0);
        let mut mixed = below;
        for (mixed, own) in mixed.iter_mut().zip(self.colour) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between two bytes")]
            let value = (f32::from(*mixed) + (f32::from(own) - f32::from(*mixed)) * covered).round() as u8;
            *mixed = value;
        }
        mixed
    }
}

impl Disc {
    fn outside(self, x: u32, y: u32) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "both are smaller than a tile")]
        let (x, y, tile) = (x as f32 + 0.5, y as f32 + 0.5, TILE as f32);
        (x - self.x * tile).hypot(y - self.y * tile) - self.radius * tile
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_of_an_id_is_always_the_same_and_that_of_another_is_another() {
        let pattern = draw("profile-photo usr_1", 200, 200);
        assert_eq!(pattern.len(), 200 * 200 * 3);
        assert_eq!(draw("profile-photo usr_1", 200, 200), pattern);
        assert_ne!(draw("profile-photo usr_2", 200, 200), pattern);
        assert_ne!(draw("cover-photo usr_1", 200, 200), pattern);
    }
}
