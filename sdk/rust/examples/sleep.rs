//! A task that waits. Thousands of its calls wait in one instance.

use std::time::Duration;

use wexec::{Result, sleep};

wexec::tasks! {
    /// Sleeps for so many milliseconds.
    io nap,
}

async fn nap(milliseconds: u64) -> Result<String> {
    sleep(Duration::from_millis(milliseconds)).await?;
    Ok(format!("slept for {milliseconds} ms"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;
    use wexec::testing::Host;

    #[test]
    fn nap() {
        let host = Host::new();
        assert_eq!(host.run(|| super::nap(60_000)).unwrap(), "slept for 60000 ms");
        assert_eq!(host.elapsed(), Duration::from_secs(60)); // which were skipped
    }
}
