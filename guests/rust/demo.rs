//! The demo. Each of four functions says how it should run. A main calls them like ordinary
//! functions and waits for them.
//!
//!     wexec run demo.wasm main -i "sequence 1000000 https://example.com" --allow-http example.com
//!     wexec run demo.wasm main -i "futures 1000000 https://example.com" --allow-http example.com

use std::time::Duration;

use wexec::{Error, Op, Result, call, fetch, sleep};

wexec::tasks! {
    /// Sums the square roots of as many numbers as the input says.
    cpu compute as "compute_some",
    /// Fetches the URL that is the input. The output is the length of what came.
    io download as "download_some",
    /// Does the same in an instance of its own.
    blocking download as "download_some_more",
    /// Sleeps a millisecond as many times as the input says, one after the other.
    io wait as "wait_some",
    /// Runs eleven tasks.
    /// The input is: sequence <count> <url>, or: futures <count> <url>.
    io run as "main",
}

fn compute(count: u32) -> f64 {
    (0..count).map(|i| f64::from(i).sqrt()).sum()
}

async fn download(url: Vec<u8>) -> Result<usize> {
    Ok(fetch(String::from_utf8(url)?).await?.body.len())
}

async fn wait(count: u32) -> Result<u32> {
    for _ in 0..count {
        sleep(Duration::from_millis(1)).await?;
    }
    Ok(count)
}

async fn run(input: Vec<u8>) -> Result<usize> {
    let input = String::from_utf8(input)?;
    let words: Vec<&str> = input.split_whitespace().collect();
    let [how @ ("sequence" | "futures"), count, url] = words[..] else {
        let want = "sequence <count> <url>, or: futures <count> <url>";
        return Err(Error::fail(1, format!("the input is {input:?}; want: {want}")));
    };
    let computing = [("compute_some", count); 3];
    let downloading = [("download_some", url), ("download_some_more", url)];
    let waiting = [("wait_some", "1000"); 4];
    let all = [&computing[..], &downloading, &downloading, &waiting].concat();
    let mut running: Vec<Op> = Vec::new();
    for (task, input) in &all {
        let op = call(task, input.as_bytes());
        if how == "sequence" {
            op.await?;
        } else {
            running.push(op);
        }
    }
    for op in running {
        op.await?;
    }
    Ok(all.len())
}
