//! The TSPL2 that the agent sends.

use anyhow::{Context, Result, bail, ensure};
use encoding_rs::GB18030;

use super::paper::Label;

pub(super) fn print(sent: &[u8]) -> Result<Vec<Label>> {
    let (text, _, is_bad) = GB18030.decode(sent);
    ensure!(!is_bad, "texts are not GB 18030");
    let mut labels = Vec::new();
    let mut label: Option<Label> = None;
    let mut size = None;
    for line in text.split("\r\n").filter(|line| !line.is_empty()) {
        let (name, arguments) = line.split_once(' ').unwrap_or((line, ""));
        let list = split(arguments);
        match (name, &mut label) {
            ("SIZE", _) => size = Some((dots(&list, 0)?, dots(&list, 1)?)),
            ("GAP" | "DIRECTION", _) => {}
            ("CLS", label) => {
                let (width, height) = size.context("SIZE comes first")?;
                *label = Some(Label::new(width, height)?);
            }
            ("PRINT", open) => {
                let mut printed = open.take().context("PRINT of nothing")?;
                printed.copies = number(&list, 0)?;
                labels.push(printed);
            }
            (name, Some(label)) => draw(label, name, &list).with_context(|| line.to_owned())?,
            (_, None) => bail!("{line} stands before CLS"),
        }
    }
    ensure!(label.is_none(), "the last label is not printed");
    Ok(labels)
}

fn draw(label: &mut Label, name: &str, list: &[String]) -> Result<()> {
    let at = (number(list, 0)?, number(list, 1)?);
    let last = list.last().context("no content")?;
    match name {
        "TEXT" => {
            // Bitmap fonts are 24 dots high; scalable ones are given in points.
            let is_bitmap = list.get(2).is_some_and(|font| font.starts_with("TSS24"));
            let size = number(list, 5)?;
            label.text(at, if is_bitmap { size * 24 } else { size * 203 / 72 }, last);
        }
        "BAR" => label.bar(at, (number(list, 2)?, number(list, 3)?)),
        "BARCODE" => {
            ensure!(
                list.get(2).is_some_and(|kind| kind == "128M"),
                "the printer chooses the code sets"
            );
            label.code128(at, number(list, 6)?, number(list, 3)?, &sets(last)?)?;
        }
        "DMATRIX" => {
            ensure!(list.get(4).is_some_and(|escape| escape == "c126"), "another sign for FNC1");
            let module = list.get(5).and_then(|module| module.strip_prefix('x'));
            let module = module.context("no module")?.parse()?;
            let (rows, columns) = (number(list, 6)?, number(list, 7)?);
            let elements = last.strip_prefix("~1").context("no FNC1 in front")?;
            let size = (usize::try_from(columns)?, usize::try_from(rows)?);
            label.data_matrix(at, module, size, &elements.replace("~1", "\u{1d}"))?;
        }
        "QRCODE" => {
            ensure!(list.get(2).is_some_and(|level| level == "M"), "another error correction");
            label.qr(at, number(list, 3)?, last)?;
        }
        other => bail!("{other} is not known to this printer"),
    }
    Ok(())
}

/// Arguments between commas; texts in quotation marks, in which `\["]` is one.
fn split(arguments: &str) -> Vec<String> {
    let mut list = vec![String::new()];
    let mut is_quoted = false;
    let mut rest = arguments;
    while let Some(one) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("\\[\"]").filter(|_| is_quoted) {
            list.last_mut().into_iter().for_each(|text| text.push('"'));
            rest = behind;
            continue;
        }
        match one {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => list.push(String::new()),
            other => list.last_mut().into_iter().for_each(|text| text.push(other)),
        }
        rest = &rest[one.len_utf8()..];
    }
    list
}

fn number(list: &[String], at: usize) -> Result<u32> {
    let text = list.get(at).context("an argument is missing")?.trim();
    text.parse().with_context(|| format!("{text:?} is no number"))
}

/// `800 dot`.
fn dots(list: &[String], at: usize) -> Result<u32> {
    let text = list.get(at).context("an argument is missing")?;
    let text = text.trim().strip_suffix(" dot").context("a length that is not in dots")?;
    Ok(text.parse()?)
}

/// `!105!10200…` as the encoder spells it.
fn sets(data: &str) -> Result<String> {
    let mut out = String::new();
    let mut rest = data;
    while let Some(one) = rest.chars().next() {
        let Some(number) = rest.strip_prefix('!') else {
            out.push(one);
            rest = &rest[one.len_utf8()..];
            continue;
        };
        let (number, behind) = number.split_at_checked(3).context("! without its number")?;
        out.push(match number {
            "100" | "104" => '\u{181}',
            "099" | "105" => '\u{106}',
            "102" => '\u{179}',
            "001" => '!',
            other => bail!("!{other} is not known to this printer"),
        });
        rest = behind;
    }
    Ok(out)
}
