//! `GET /commands`: the command barcodes on one page to print, for whoever works in gloves.

use std::fmt::Write as _;

use axum::response::Html;
use barcoders::sym::code128::Code128;

use crate::station::Screen;
use crate::station::commands::{Command, Place};

/// Modules of white on either side, as the symbology asks for.
const QUIET_MODULES: usize = 10;
/// What one module is wide on paper: read at arm's length, and the longest still fits into half a page.
const MODULE_MM_TENTHS: usize = 4;
const HEIGHT_MM: u8 = 14;
/// Selects the character set of letters and digits.
const SET_B: char = '\u{181}';

const STYLE: &str = "
@page { size: A4; margin: 12mm }
body { margin: 0; font-family: 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif; color: #000; background: #fff }
h1 { font-size: 16pt; margin: 0 0 2mm } h2 { font-size: 12pt; margin: 6mm 0 2mm; break-after: avoid }
p { margin: 0 0 2mm } section { display: grid; grid-template-columns: 1fr 1fr; gap: 5mm 4mm }
figure { margin: 0; break-inside: avoid } figcaption { font-size: 12pt } figcaption b { margin-right: 3mm }
code { color: #555; font-size: 9pt; margin-left: 3mm }
";

/// The sheet.
pub(super) async fn sheet() -> Html<String> {
    let mut page = format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <title>命令条码 Command barcodes</title><style>{STYLE}</style></head><body>\n\
         <h1>命令条码 Command barcodes</h1>\n\
         <p>打印后贴在工位，扫描即执行，无需触屏。 Print it and scan: nothing has to be touched.</p>\n"
    );
    for group in [Group::Work, Group::Screens, Group::Places, Group::Choice] {
        let (zh, en) = group.words();
        let _ = write!(page, "<h2>{zh} {en}</h2>\n<section>\n");
        for command in Command::all().filter(|command| Group::of(*command) == group) {
            let (zh, en) = words(command);
            let (bars, text) = (bars(&command.barcode()), command.barcode());
            let _ = writeln!(
                page,
                "<figure>{bars}<figcaption><b>{zh}</b>{en}<code>{text}</code></figcaption></figure>"
            );
        }
        page.push_str("</section>\n");
    }
    page.push_str("</body></html>\n");
    Html(page)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    Work,
    Screens,
    Places,
    Choice,
}

impl Group {
    const fn of(command: Command) -> Self {
        match command {
            Command::Confirm
            | Command::Close
            | Command::Mix
            | Command::Switch
            | Command::Undo
            | Command::Back
            | Command::Acknowledge => Self::Work,
            Command::Open(_) => Self::Screens,
            Command::Show(_) => Self::Places,
            Command::Choose(_) | Command::Next => Self::Choice,
        }
    }

    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Work => ("作业", "Work"),
            Self::Screens => ("切换作业", "Switch operation"),
            Self::Places => ("本机", "This device"),
            Self::Choice => ("选择", "Choose"),
        }
    }
}

/// What a command is called in both languages.
fn words(command: Command) -> (String, String) {
    let (zh, en) = match command {
        Command::Confirm => ("确认", "Confirm"),
        Command::Close => ("提前关闭（尾箱）", "Close below plan"),
        Command::Mix => ("混批开关", "Mix lots, on or off"),
        Command::Switch => ("切换单据", "Switch document"),
        Command::Undo => ("撤销", "Undo"),
        Command::Back => ("返回", "Back"),
        Command::Acknowledge => ("知道了", "Acknowledge"),
        Command::Next => ("下一页", "More"),
        Command::Choose(digit) => match digit.position() {
            Some(position) => return (format!("选 {position}"), format!("Choose {position}")),
            None => ("不选，继续", "Go on without"),
        },
        Command::Open(screen) => screen_words(screen),
        Command::Show(place) => place_words(place),
    };
    (zh.to_owned(), en.to_owned())
}

const fn screen_words(screen: Screen) -> (&'static str, &'static str) {
    match screen {
        Screen::Home => ("任务", "Tasks"),
        Screen::Commission => ("零级包装", "Register units"),
        Screen::Pack => ("全段包装", "Pack"),
        Screen::AddTo => ("增加包装", "Add to package"),
        Screen::Regroup => ("零散重组", "Regroup"),
        Screen::Relabel => ("标签替换", "Replace label"),
        Screen::Unpack => ("解除包装", "Unpack"),
        Screen::Rework => ("返工", "Rework"),
        Screen::Verify => ("包装核验", "Verify package"),
        Screen::Receive => ("入库", "Receive"),
        Screen::Ship => ("出库", "Ship"),
        Screen::Return => ("退货", "Return"),
        Screen::Transfer => ("调拨", "Transfer"),
        Screen::Count => ("盘点", "Count stock"),
        Screen::Sample => ("取样", "Sample"),
        Screen::Destroy => ("报废", "Destroy"),
        Screen::WriteOff => ("标签核销", "Write off labels"),
        Screen::Resolve => ("异常处理", "Exceptions"),
        Screen::Lookup => ("查询", "Look up"),
    }
}

const fn place_words(place: Place) -> (&'static str, &'static str) {
    match place {
        Place::Account => ("账号与部署点", "Account and site"),
        Place::Exceptions => ("异常记录", "List of exceptions"),
        Place::Log => ("本机日志", "Device log"),
        Place::Print => ("标签打印", "Labels"),
        Place::Sync => ("同步与导出", "Sync and export"),
        Place::Task => ("自开任务", "Own task"),
    }
}

/// A text as Code 128; empty when it has a character that the set has not.
fn bars(text: &str) -> String {
    let modules =
        Code128::new(format!("{SET_B}{text}")).map(|code| code.encode()).unwrap_or_default();
    let width = modules.len() + 2 * QUIET_MODULES;
    let mut path = String::new();
    let mut at = QUIET_MODULES;
    for run in modules.chunk_by(|one, next| one == next) {
        if run.first() == Some(&1) {
            let _ = write!(path, "M{at} 0h{}v1H{at}z", run.len());
        }
        at += run.len();
    }
    let tenths = width * MODULE_MM_TENTHS;
    let (mm, rest) = (tenths / 10, tenths % 10);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} 1\" preserveAspectRatio=\"none\" \
         shape-rendering=\"crispEdges\" style=\"display:block;width:{mm}.{rest}mm;height:{HEIGHT_MM}mm\">\
         <path d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[tokio::test]
    async fn every_command_is_on_the_sheet_once_in_both_languages() {
        let Html(page) = sheet().await;
        for command in Command::all() {
            let (zh, en) = words(command);
            let caption = format!("<b>{zh}</b>{en}<code>{}</code>", command.barcode());
            assert_eq!(page.matches(&caption).count(), 1, "{caption}");
        }
        let all = Command::all().count();
        assert_eq!(Command::all().map(words).collect::<BTreeSet<_>>().len(), all);
        assert_eq!(page.matches("<svg").count(), all);
        // Nothing has to be loaded to print it.
        assert!(!page.contains("src=") && !page.contains("href=") && !page.contains("<script"));
    }

    #[test]
    fn bars_are_as_wide_as_their_text_and_begin_and_end_as_the_symbology_says() {
        for command in Command::all() {
            let text = command.barcode();
            let svg = bars(&text);
            // Start, check and each character take 11 modules, the end 13.
            let width = 11 * (text.len() + 2) + 13 + 2 * QUIET_MODULES;
            assert!(svg.contains(&format!("viewBox=\"0 0 {width} 1\"")), "{text}: {svg}");
            // Start B is 2 black, 1 white, 1 black, 2 white, 1 black; the end is 2 black.
            assert!(svg.contains("d=\"M10 0h2v1H10zM13 0h1v1H13zM16 0h1v1H16z"), "{svg}");
            let end = width - QUIET_MODULES - 2;
            assert!(svg.contains(&format!("M{end} 0h2v1H{end}z\"/>")), "{svg}");
            assert!(width * MODULE_MM_TENTHS < 920, "{text} does not fit into half a page");
        }
    }
}
