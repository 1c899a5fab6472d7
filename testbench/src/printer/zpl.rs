//! The ZPL II that the agent sends.

use anyhow::{Context, Result, bail, ensure};

use super::paper::Label;

/// What the next field data is drawn as.
enum Next {
    Text { height: u32 },
    Code128 { height: u32 },
    DataMatrix { module: u32, columns: usize, rows: usize, escape: char },
    Qr { module: u32 },
}

#[derive(Default)]
struct Format {
    width: Option<u32>,
    at: (u32, u32),
    module: u32,
    is_hexadecimal: bool,
    next: Option<Next>,
    label: Option<Label>,
}

pub(super) fn print(sent: &str) -> Result<Vec<Label>> {
    let mut labels = Vec::new();
    let mut format: Option<Format> = None;
    for command in sent.split('^').map(|command| command.trim_end_matches(['\r', '\n'])) {
        if command.is_empty() && format.is_none() {
            continue;
        }
        let (name, arguments) = command.split_at_checked(2).context("a command of one letter")?;
        match (name, &mut format) {
            ("XA", format @ None) => *format = Some(Format::default()),
            ("XZ", open @ Some(_)) => labels.extend(open.take().and_then(|format| format.label)),
            (_, Some(format)) => {
                format.take(name, arguments).with_context(|| format!("^{command}"))?
            }
            (_, None) => bail!("^{command} stands outside of ^XA and ^XZ"),
        }
    }
    ensure!(format.is_none(), "the last label has no end");
    Ok(labels)
}

impl Format {
    fn take(&mut self, name: &str, arguments: &str) -> Result<()> {
        let list: Vec<&str> = arguments.split(',').collect();
        let number = |at: usize| -> Result<u32> {
            let text = list.get(at).context("an argument is missing")?;
            text.parse().with_context(|| format!("{text:?} is no number"))
        };
        match name {
            "CI" => ensure!(arguments == "28", "texts must be UTF-8"),
            "LH" => ensure!(arguments == "0,0", "the label begins elsewhere"),
            "PW" => self.width = Some(number(0)?),
            "LL" => {
                self.label = Some(Label::new(self.width.context("^PW comes first")?, number(0)?)?)
            }
            "FO" => self.at = (number(0)?, number(1)?),
            "BY" => self.module = number(0)?,
            "FH" => {
                ensure!(arguments == "_", "another sign for hexadecimal");
                self.is_hexadecimal = true;
            }
            "A0" | "A@" => self.next = Some(Next::Text { height: number(1)? }),
            "BC" => {
                ensure!(list.get(5) == Some(&"N"), "the printer chooses the code sets");
                self.next = Some(Next::Code128 { height: number(1)? });
            }
            "BX" => {
                ensure!(list.get(2) == Some(&"200"), "an old kind of DataMatrix");
                let escape = list.get(6).and_then(|sign| sign.chars().next());
                self.next = Some(Next::DataMatrix {
                    module: number(1)?,
                    columns: usize::try_from(number(3)?)?,
                    rows: usize::try_from(number(4)?)?,
                    escape: escape.context("no sign for FNC1")?,
                });
            }
            "BQ" => {
                ensure!(list.get(3) == Some(&"M"), "another error correction");
                self.next = Some(Next::Qr { module: number(2)? });
            }
            "FD" => {
                let data = self.data(arguments)?;
                self.draw(&data)?;
            }
            "GB" => {
                let (at, size) = (self.at, (number(0)?, number(1)?));
                ensure!(number(2)? == size.0.min(size.1), "a box that is not filled");
                self.label()?.bar(at, size);
            }
            "PQ" => self.label()?.copies = number(0)?,
            "FS" => (self.next, self.is_hexadecimal) = (None, false),
            other => bail!("^{other} is not known to this printer"),
        }
        Ok(())
    }

    fn label(&mut self) -> Result<&mut Label> {
        self.label.as_mut().context("^LL comes first")
    }

    /// Field data with its hexadecimals read.
    fn data(&self, text: &str) -> Result<String> {
        ensure!(self.is_hexadecimal, "field data without ^FH");
        let mut bytes = Vec::new();
        let mut rest = text.as_bytes();
        while let [first, behind @ ..] = rest {
            if *first == b'_' {
                let digits = std::str::from_utf8(behind.get(..2).context("_ without digits")?)?;
                bytes.push(u8::from_str_radix(digits, 16)?);
                rest = behind.get(2..).unwrap_or_default();
            } else {
                bytes.push(*first);
                rest = behind;
            }
        }
        Ok(String::from_utf8(bytes)?)
    }

    fn draw(&mut self, data: &str) -> Result<()> {
        let (at, bar_module) = (self.at, self.module);
        let next = self.next.take().context("field data of nothing")?;
        let label = self.label()?;
        match next {
            Next::Text { height } => label.text(at, height, data),
            Next::Code128 { height } => label.code128(at, bar_module, height, &sets(data)?)?,
            Next::DataMatrix { module, columns, rows, escape } => {
                let fnc1 = format!("{escape}1");
                let elements = data.strip_prefix(&fnc1).context("no FNC1 in front")?;
                let elements = elements.replace(&fnc1, "\u{1d}");
                label.data_matrix(at, module, (columns, rows), &elements)?;
            }
            Next::Qr { module } => {
                let text = data.strip_prefix("MA,").context("not ^FDMA,")?;
                // Printers leave ten dots above a QR code less than others: not drawn here.
                label.qr(at, module, text)?;
            }
        }
        Ok(())
    }
}

/// `>;>800…` as the encoder spells it.
fn sets(data: &str) -> Result<String> {
    let mut out = String::new();
    let mut rest = data.chars();
    while let Some(one) = rest.next() {
        out.push(match one {
            '>' => match rest.next() {
                Some(':' | '6') => '\u{181}',
                Some(';' | '5') => '\u{106}',
                Some('8') => '\u{179}',
                Some('0') => '>',
                Some('=') => '~',
                other => bail!(">{other:?} is not known to this printer"),
            },
            other => other,
        });
    }
    Ok(out)
}
