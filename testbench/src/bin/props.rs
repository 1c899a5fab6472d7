//! What tests of the pages need from the world and browsers do not have: a label printer on the network, and a film for the
//! camera.
#![expect(clippy::print_stdout, reason = "this is what the command answers")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use image::ImageFormat;
use sealtrace_testbench::clock;
use sealtrace_testbench::film::{self, Scene};
use sealtrace_testbench::printer::{Language, Printer};

/// How often it is looked whether another label came out.
const LOOK: Duration = Duration::from_millis(50);

/// Things on the stage.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    prop: Prop,
}

#[derive(Subcommand)]
enum Prop {
    /// A printer that says where it listens and puts every label into a folder as `1.png`, `2.png`, …; until it is ended.
    Printer {
        /// Where labels come out.
        #[arg(long)]
        paper: PathBuf,
    },
    /// A Motion JPEG file: for some seconds each look, its texts as QR codes side by side.
    Film {
        /// The file.
        #[arg(long)]
        out: PathBuf,
        /// Seconds of each look.
        #[arg(long, default_value_t = 3)]
        seconds: usize,
        /// Texts in view together, with a space between them; an empty one shows none.
        looks: Vec<String>,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().prop {
        Prop::Printer { paper } => print(&paper),
        Prop::Film { out, seconds, looks } => {
            let scene = |texts: &String| Scene {
                texts: texts.split_whitespace().map(str::to_owned).collect(),
                seconds,
            };
            let scenes: Vec<_> = looks.iter().map(scene).collect();
            let bytes = film::motion_jpeg(&scenes, 1)?;
            fs::write(&out, bytes).with_context(|| out.display().to_string())
        }
    }
}

fn print(paper: &Path) -> Result<()> {
    let printer = Printer::start(Language::Zpl)?;
    println!("{}", printer.address);
    let mut out = 0;
    loop {
        // In the middle of a label there is nothing to draw yet.
        let labels = printer.labels().unwrap_or_default();
        for label in labels.iter().skip(out) {
            out += 1;
            let (begun, done) = (paper.join("printing"), paper.join(format!("{out}.png")));
            label.picture.save_with_format(&begun, ImageFormat::Png)?;
            fs::rename(&begun, &done)?;
        }
        clock::nap(LOOK);
    }
}
