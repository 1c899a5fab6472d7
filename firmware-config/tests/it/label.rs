//! Every built-in label lays out for every printer; what is sent is a snapshot; bad templates list all that is wrong.

use std::collections::BTreeSet;
use std::path::Path;

use insta::assert_snapshot;
use sealtrace_firmware_config::label::{Field, Fields, LabelError, Layout, Mark, Template};
use sealtrace_firmware_config::{Device, Printer, Profile};

const SSCC: &str = "106141412345678908";

fn fields() -> Fields {
    Fields::default()
        .with(Field::Product, "金樽 白酒")
        .with(Field::Gtin, "06901234567892")
        .with(Field::Lot, "B-2026^11")
        .with(Field::Date, "2026-11-20")
        .with(Field::Count, 12)
        .with(Field::Code, "HTTPS://T.EXAMPLE/7KQ2Z0000000000AB")
        .with(Field::Sscc, SSCC)
}

/// What the agent has GS1's own rules for: here only SSCCs are asked for.
fn element_string(text: &str) -> Option<String> {
    Some(format!("\u{1d}00{}", text.strip_prefix("(00)")?))
}

fn printer(profile: &str) -> Printer {
    Profile::builtin(profile).unwrap().printer().unwrap().clone()
}

fn layout(template: &str, profile: &str) -> Layout {
    let template = Template::builtin(template).unwrap();
    template.lay_out(&printer(profile), &fields(), element_string).unwrap()
}

#[test]
fn every_file_of_the_folder_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("labels");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let names: Vec<_> = Template::builtin_names().collect();
    assert_eq!(names, files.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn every_label_lays_out_for_every_printer_with_nothing_over_the_edge() {
    for profile in Profile::builtin_names() {
        let Device::Printer(printer) = Profile::builtin(profile).unwrap().device else { continue };
        for name in Template::builtin_names() {
            let template = Template::builtin(name).unwrap();
            let layout = template.lay_out(&printer, &fields(), element_string).unwrap();
            for mark in &layout.marks {
                let (right, bottom) = match mark {
                    Mark::Text { x, y, height, text, .. } => {
                        assert!(!text.ends_with(".."), "{profile} cuts {text:?} on {name}");
                        (*x, y + height)
                    }
                    Mark::Symbol { x, y, module, height, symbol } => {
                        (x + symbol.modules.width * module, y + height)
                    }
                    Mark::Bar { x, y, width, height } => (x + width, y + height),
                };
                assert!(
                    right <= layout.width && bottom <= layout.height,
                    "{profile} {name} {mark:?}"
                );
            }
        }
    }
}

#[test]
fn zpl_is_utf_8_and_escapes_what_would_be_a_command() {
    let sent = layout("replacement-50x30", "zebra-zt").commands(&printer("zebra-zt"), 2);
    assert_snapshot!(String::from_utf8(sent).unwrap(), @r#"
    ^XA^CI28^PW591^LL354^LH0,0
    ^FO224,35^A@N,47,47,E:SIMSUN.TTF^FH_^FD金樽 白酒^FS
    ^FO224,106^A@N,35,35,E:SIMSUN.TTF^FH_^FD批次 B-2026_5E11^FS
    ^FO224,165^A@N,35,35,E:SIMSUN.TTF^FH_^FD补打标签^FS
    ^FO24,260^A0N,41,41^FH_^FD(00) 106141412345678908^FS
    ^FO24,35^BXN,8,200,16,16,,~^FH_^FD~100106141412345678908^FS
    ^PQ2^XZ
    "#);
    let case = layout("case-100x60", "zebra-zd").commands(&printer("zebra-zd"), 1);
    let case = String::from_utf8(case).unwrap();
    assert!(case.contains("^FD>;>8001061414123456789"), "{case}");
    assert!(case.contains("^FD批次 B-2026_5E11^FS"), "{case}");
}

#[test]
fn tspl_is_in_the_encoding_of_the_printers_font() {
    let sent = layout("replacement-50x30", "tsc-te").commands(&printer("tsc-te"), 1);
    let (text, _, is_bad) = encoding_rs::GB18030.decode(&sent);
    assert!(!is_bad && std::str::from_utf8(&sent).is_err());
    assert_snapshot!(text.replace('\r', ""), @r#"
    SIZE 400 dot,240 dot
    GAP 16 dot,0 dot
    DIRECTION 1
    CLS
    TEXT 152,24,"TSS24.BF2",0,1,1,"金樽 白酒"
    TEXT 152,72,"TSS24.BF2",0,1,1,"批次 B-2026^11"
    TEXT 152,112,"TSS24.BF2",0,1,1,"补打标签"
    TEXT 16,176,"0",0,9,9,"(00) 106141412345678908"
    DMATRIX 16,24,96,96,c126,x6,16,16,"~100106141412345678908"
    PRINT 1,1
    "#);
}

#[test]
fn a_quotation_mark_does_not_end_a_text_of_tspl() {
    let fields = fields().with(Field::Product, "12\" bottle\r\nCLS");
    let template = Template::builtin("case-100x60").unwrap();
    let layout = template.lay_out(&printer("tsc-te"), &fields, element_string).unwrap();
    let sent = layout.commands(&printer("tsc-te"), 1);
    let sent = encoding_rs::GB18030.decode(&sent).0.into_owned();
    assert!(sent.contains("\"12\\[\"] bottleCLS\"\r\n"), "{sent}");
}

#[test]
fn a_long_name_is_made_smaller_and_then_cut() {
    let template = Template::builtin("case-100x60").unwrap();
    let product = |name: &str| {
        let fields = fields().with(Field::Product, name);
        let layout = template.lay_out(&printer("zebra-zd"), &fields, element_string).unwrap();
        let texts = layout.marks.into_iter().filter_map(|mark| match mark {
            Mark::Text { text, height, .. } => Some((text, height)),
            Mark::Symbol { .. } | Mark::Bar { .. } => None,
        });
        texts.into_iter().next().unwrap()
    };
    assert_eq!(product("金樽"), ("金樽".to_owned(), 48));
    let (text, height) = product(&"酒".repeat(20));
    assert_eq!((text.chars().count(), height), (20, 38));
    let (text, height) = product(&"酒".repeat(60));
    assert_eq!(height, 28);
    assert!(text.ends_with("酒.."), "{text}");
}

#[test]
fn what_a_label_lacks_is_named() {
    let template = Template::builtin("case-100x60").unwrap();
    let lay_out = |fields| template.lay_out(&printer("zebra-zd"), &fields, element_string);
    // A text without its field is left out.
    let bare = lay_out(Fields::default().with(Field::Sscc, SSCC)).unwrap();
    assert_eq!(bare.marks.len(), 3);
    let template_name = "case-100x60".to_owned();
    let missing = LabelError::Missing { template: template_name, field: Field::Sscc };
    assert_eq!(lay_out(Fields::default()).unwrap_err(), missing);
    let no_gs1 = template.lay_out(&printer("zebra-zd"), &fields(), |_| None).unwrap_err();
    assert!(no_gs1.to_string().contains("(00)106141412345678908 is not GS1 data"), "{no_gs1}");
    let narrow = Profile::from_toml(
        "narrow.toml",
        "kind = \"printer\"\nmaker = \"m\"\nmodel = \"n\"\nsummary = \"s\"\n[printer]\nlanguage = \"zpl\"\n\
         dpi = 203\nwidth_mm_max = 56\nstatus = \"none\"\n[font.latin]\nname = \"0\"\n",
    )
    .unwrap();
    let narrow = narrow.printer().unwrap();
    let wide = template.lay_out(narrow, &fields(), element_string).unwrap_err();
    assert!(wide.to_string().contains("wider than the printer prints"), "{wide}");
    let small = Template::builtin("replacement-50x30").unwrap();
    let no_font = small.lay_out(narrow, &fields(), element_string).unwrap_err();
    assert!(no_font.to_string().contains("[font.chinese]"), "{no_font}");
}

#[test]
fn every_problem_of_a_template_is_listed_at_once() {
    let bad = r#"
summary = ""
levels = ["crate"]
width_mm = 1000
height_mm = 30
colour = "red"

[[text]]
x_mm = 60
y_mm = 40
height_mm = "big"
value = "{price}"

[[barcode]]
symbology = "aztec"
x_mm = 1
y_mm = 1.23456
module_mm = 0.5
value = "{sscc"
"#;
    let error = Template::from_toml("site.toml", bad).unwrap_err();
    assert_snapshot!(error.to_string(), @r#"
    site.toml has 9 problems:
      site.toml:2:11: summary: is blank; write at least one word
      site.toml:3:10: levels: does not say what it is stuck on; list one or more of unit, box, case, pallet
      site.toml:4:12: width_mm: 1000 is out of range; write millimetres from 5 to 500, such as 12.5
      site.toml:6:1: colour: is not a key of this table; remove it, or use one of bar, barcode, gap_mm, height_mm, levels, summary, text, width_mm
      site.toml:11:13: text[0].height_mm: is no length; write millimetres from 1 to 100, such as 12.5
      site.toml:12:9: text[0].value: {price} is not a field; use {product} {gtin} {lot} {date} {count} {code} {sscc}
      site.toml:15:13: barcode[0].symbology: "aztec" is not known; write one of gs1_128, gs1_datamatrix, qr
      site.toml:17:8: barcode[0].y_mm: is no length; write millimetres from 0 to 500, such as 12.5
      site.toml:19:9: barcode[0].value: has a { without a }; use {product} {gtin} {lot} {date} {count} {code} {sscc}
    "#);
}

#[test]
fn every_problem_of_a_printer_is_listed_at_once() {
    let bad = r#"
kind = "printer"
maker = "m"
model = "n"
summary = "s"

[printer]
language = "zpl"
dpi = 100
width_mm_max = 104
status = "maybe"
encoding = "gb18030"

[font.latin]
name = "0\""
height_dots = 24
"#;
    let error = Profile::from_toml("site.toml", bad).unwrap_err();
    assert_snapshot!(error.to_string(), @r#"
    site.toml has 5 problems:
      site.toml:9:7: printer.dpi: 100 is out of range; write a number from 150 to 600
      site.toml:11:10: printer.status: "maybe" is not known; write one of query, none
      site.toml:12:12: printer.encoding: is not for ZPL; leave it out: ZPL is sent as UTF-8
      site.toml:15:8: font.latin.name: has characters that no font's name has; write it as the printer does
      site.toml:16:15: font.latin.height_dots: is not for ZPL; name a scalable font
    "#);
}

#[test]
fn the_preview_draws_what_is_laid_out() {
    let svg = layout("unit-40x20", "virtual-tspl").svg();
    assert!(
        svg.starts_with(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1.576in\" height=\"0.788in\""
        ),
        "{svg}"
    );
    assert!(svg.contains("B-2026^11</text>"), "{svg}");
    let fields = fields().with(Field::Product, "A & <b>");
    let template = Template::builtin("unit-40x20").unwrap();
    let svg = template.lay_out(&printer("virtual-zpl"), &fields, element_string).unwrap().svg();
    assert!(svg.contains("A &amp; &lt;b&gt;"), "{svg}");
}
