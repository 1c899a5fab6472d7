//! The profiles that are built into the program.

macro_rules! profiles {
    ($($name:literal),+ $(,)?) => {
        /// Name and text of each, sorted by name.
        pub(crate) const PROFILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../profiles/", $name, ".toml")))),+];
    };
}

// A test compares this list with the folder, so a forgotten file does not go unnoticed.
profiles![
    "cognex-dataman",
    "datalogic-handheld",
    "datalogic-matrix",
    "gprinter-gp",
    "grow-gm65",
    "hikrobot-id",
    "honeywell",
    "honeywell-pda",
    "honeywell-pm",
    "idata-pda",
    "keyence-sr750",
    "modbus-gate",
    "newland-fixed",
    "newland-pda",
    "omron-v430",
    "serial-gate",
    "seuic-pda",
    "sick",
    "sunmi-pda",
    "tsc-te",
    "tsc-ttp",
    "urovo-pda",
    "virtual-line",
    "virtual-tspl",
    "virtual-zpl",
    "zebra-pda",
    "zebra-rs232",
    "zebra-zd",
    "zebra-zt",
];
