//! A task that computes.

wexec::tasks! {
    /// Counts the primes below n.
    cpu primes,
}

fn primes(n: u32) -> usize {
    (2..n).filter(|i| (2..*i).take_while(|d| d * d <= *i).all(|d| i % d != 0)).count()
}

#[cfg(test)]
mod tests {
    #[test]
    fn primes() {
        assert_eq!(super::primes(100), 25);
    }
}
