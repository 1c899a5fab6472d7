//! One port, one device: what two devices were given, both would read half of.

use std::path::{Path, PathBuf};

use sealtrace_firmware_config::{Profile, Role};
use toml::Spanned;
use toml::de::DeValue;

use super::section::Section;
use super::{LaneConfig, PrinterConfig};
use crate::input::port::is_serial;

/// Something that only one device can have.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// A serial port, under whichever name.
    Serial(PathBuf),
    /// Where we listen for a device, or a reader that would tell two lanes the same.
    Network(String),
}

/// A device of the file.
struct Device<'c> {
    /// Its list and number, such as `lane[0]`.
    list: &'static str,
    number: usize,
    /// Which device of it, such as `units`; none = itself.
    key: Option<&'static str>,
    profile: &'c Profile,
    port: &'c str,
}

impl Device<'_> {
    fn name(&self) -> String {
        let Self { list, number, key, .. } = self;
        key.map_or_else(|| format!("{list}[{number}]"), |key| format!("{list}[{number}].{key}"))
    }

    /// What nobody else may have; none where several may ask the same controller or printer.
    fn place(&self) -> Option<Place> {
        if is_serial(self.port) {
            let path = Path::new(self.port);
            return Some(Place::Serial(path.canonicalize().unwrap_or_else(|_| path.to_owned())));
        }
        let tcp = self.profile.tcp().ok()?;
        let alone = tcp.role == Role::Server || self.profile.reader().is_ok();
        let named = self.port.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let address =
            if named { self.port.to_owned() } else { format!("{}:{}", self.port, tcp.port) };
        alone.then_some(Place::Network(address))
    }
}

impl Section<'_, '_, '_> {
    /// Every device has a port of its own.
    pub(super) fn ports(
        &mut self,
        lanes: Option<&[LaneConfig]>,
        printers: Option<&[PrinterConfig]>,
    ) {
        let mut devices = Vec::new();
        for (number, lane) in lanes.unwrap_or_default().iter().enumerate() {
            let own = [("units", Some(&lane.units)), ("cases", Some(&lane.cases))];
            for (key, port) in own.into_iter().chain([("gate", lane.gate.as_ref())]) {
                devices.extend(port.map(|port| Device {
                    list: "lane",
                    number,
                    key: Some(key),
                    profile: &port.profile,
                    port: &port.port,
                }));
            }
        }
        let printers = printers.unwrap_or_default().iter().enumerate();
        devices.extend(printers.map(|(number, printer)| Device {
            list: "printer",
            number,
            key: None,
            profile: &printer.profile,
            port: &printer.port,
        }));
        for (at, device) in devices.iter().enumerate() {
            let place = device.place();
            let same = |other: &&Device<'_>| place.is_some() && other.place() == place;
            if let Some(other) = devices.iter().take(at).find(same) {
                let what = format!("{} is the port of {} already", device.port, other.name());
                let span = self.port_of(device).map_or(0..0, Spanned::span);
                let key = format!("{}.port", device.name());
                self.notes.add(&span, &key, what, "give each device a port of its own");
            }
        }
    }

    fn port_of(&self, device: &Device<'_>) -> Option<&Spanned<DeValue<'_>>> {
        let list = self.peek(device.list)?.get_ref().as_array()?;
        let mut table = list.get(device.number)?.get_ref().as_table()?;
        if let Some(key) = device.key {
            table = table.get(key)?.get_ref().as_table()?;
        }
        table.get("port")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{Config, ConfigError};

    fn lane(name: &str, ports: [&str; 3]) -> String {
        let [units, cases, gate] = ports;
        format!(
            "[[lane]]\nname = '{name}'\n\
             units = {{ profile = 'virtual-line', port = '{units}' }}\n\
             cases = {{ profile = 'virtual-line', port = '{cases}' }}\n\
             gate = {{ profile = 'modbus-gate', port = '{gate}' }}\n"
        )
    }

    fn mistakes(text: &str) -> Vec<(usize, String, String)> {
        match Config::parse(Path::new("agent.toml"), text) {
            Ok(_) => Vec::new(),
            Err(ConfigError::Invalid { mistakes, .. }) => {
                mistakes.into_iter().map(|one| (one.line, one.key, one.what)).collect()
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_port_that_two_lanes_were_given_is_named_with_both() {
        let text = lane("a", ["/dev/ttyUSB0", "/dev/ttyUSB1", "10.0.0.9"])
            + &lane("b", ["/dev/ttyUSB2", "/dev/ttyUSB0", "10.0.0.9"]);
        let expected = (
            9,
            "lane[1].cases.port".to_owned(),
            "/dev/ttyUSB0 is the port of lane[0].units already".to_owned(),
        );
        // The gates' controller may be one and the same.
        assert_eq!(mistakes(&text), [expected]);
    }

    #[test]
    fn two_names_of_one_serial_port_are_one_port() {
        let folder = tempfile::tempdir().unwrap();
        let (device, name) = (folder.path().join("ttyUSB0"), folder.path().join("A7023"));
        std::fs::write(&device, "").unwrap();
        std::os::unix::fs::symlink(&device, &name).unwrap();
        let (device, name) = (device.display().to_string(), name.display().to_string());
        let found = mistakes(&lane("a", [&device, &name, "10.0.0.9"]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].1, "lane[0].cases.port");
    }

    #[test]
    fn a_reader_on_a_network_belongs_to_one_lane() {
        let text = lane("a", ["10.0.0.1", "10.0.0.2", "10.0.0.9"])
            + &lane("b", ["10.0.0.1:9100", "10.0.0.1:9101", "10.0.0.9"]);
        let keys: Vec<_> = mistakes(&text).into_iter().map(|(_, key, _)| key).collect();
        assert_eq!(keys, ["lane[1].units.port"]);
    }
}
