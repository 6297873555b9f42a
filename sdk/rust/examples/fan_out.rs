//! A task that calls another many times at once. Those compute on all cores.

use wexec::{Result, call};

wexec::tasks! {
    /// Counts the primes below n.
    io primes,

    /// Counts the primes from the first number to the one before the second.
    cpu primes_between,
}

const PARTS: u32 = 8;

async fn primes(n: u32) -> Result<u32> {
    let part = |i| call::<u32>("primes_between", vec![n / PARTS * i, n / PARTS * (i + 1)]);
    let parts: Vec<_> = (0..PARTS).map(part).collect(); // all run from here on
    let mut total = primes_between(vec![n / PARTS * PARTS, n]);
    for part in parts {
        total += part.await?;
    }
    Ok(total)
}

fn primes_between(bounds: Vec<u32>) -> u32 {
    let is_prime = |i: &u32| *i > 1 && (2..*i).take_while(|d| d * d <= *i).all(|d| i % d != 0);
    (bounds[0]..bounds[1]).filter(is_prime).count() as u32
}

#[cfg(test)]
mod tests {
    use wexec::testing::Host;

    #[test]
    fn primes() {
        let host = Host::new().task("primes_between", |bounds| Ok(super::primes_between(bounds)));
        assert_eq!(host.run(|| super::primes(1_001)), Ok(168));
    }
}
