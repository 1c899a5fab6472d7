//! What is wanted of a scan's way to green, and what was reached.

use super::super::goal::Goal;
use super::Report;

/// Every goal beside what was measured.
pub(super) fn of(report: &Report) -> Vec<Goal> {
    let Report { on_disk, in_memory, known, program, slow_disk, .. } = report;
    let (control, lane) = (on_disk.control.per_second, on_disk.one_lane.per_second);
    let mut goals = vec![
        Goal::at_least("one lane's scans/s by the control's", 0.7, lane / control),
        Goal::at_most(
            "ms that HTTP adds at p50",
            0.3,
            in_memory.page.ms_p50 - in_memory.station.ms_p50,
        ),
        Goal::at_least(
            "eight lanes' scans/s by one lane's",
            2.0,
            on_disk.eight_lanes.per_second / lane,
        ),
        Goal::at_most("look-up ms at p99", 2.0, known.cold.ms_p99),
        Goal::at_most("resident MB while scanning", 64.0, program.peak_mb),
        Goal::at_most("ms from the start to the first green scan", 1_000.0, program.start_ms_max()),
    ];
    if let Some(slow) = slow_disk {
        goals.push(Goal::at_most("ms to green at p95, 80 ms added", 150.0, slow.page.ms_p95));
    }
    goals
}
