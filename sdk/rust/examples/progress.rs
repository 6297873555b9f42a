//! A task that outputs rows before its end, and tells how far it has got.

use wexec::{Result, emit, progress};

wexec::tasks! {
    /// Writes the squares of the numbers below n, one a line.
    io squares,
}

async fn squares(n: u64) -> Result<()> {
    for i in 0..n {
        progress(i, n, "squares").await?;
        emit(format!("{}\n", i * i).as_bytes()).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use wexec::testing::Host;

    #[test]
    fn squares() {
        let host = Host::new();
        host.run(|| super::squares(3)).unwrap();
        assert_eq!(host.emitted(), b"0\n1\n4\n");
        assert_eq!(host.progress()[1], r#"{"done":1,"total":3,"message":"squares"}"#);
    }
}
