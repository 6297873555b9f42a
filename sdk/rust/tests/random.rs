//! Random trees of futures, compared with a model that knows how long each takes.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use wexec::testing::Host;
use wexec::{Either, Error, Status, join_all, select, sleep, spawn, timeout};

/// A tree, whose leaves sleep for so many milliseconds.
#[derive(Clone, Debug)]
enum Tree {
    Sleep(u64),
    All(Vec<Tree>),
    First(Box<[Tree; 2]>),
    Within(u64, Box<Tree>),
    Spawned(Box<Tree>),
    InTurn(Vec<Tree>),
}

/// Numbers that look random, and are the same in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }

    fn tree(&mut self, depth: u64) -> Tree {
        let inner = depth.saturating_sub(1);
        match if depth == 0 { 0 } else { self.below(7) } {
            0 | 1 => Tree::Sleep(self.below(50)),
            2 => Tree::All((0..self.below(5)).map(|_| self.tree(inner)).collect()),
            3 => Tree::First(Box::new([self.tree(inner), self.tree(inner)])),
            4 => Tree::Within(self.below(60), Box::new(self.tree(inner))),
            5 => Tree::Spawned(Box::new(self.tree(inner))),
            _ => Tree::InTurn((0..self.below(4)).map(|_| self.tree(inner)).collect()),
        }
    }
}

impl Tree {
    /// How long the tree takes.
    fn takes(&self) -> u64 {
        match self {
            Tree::Sleep(time) => *time,
            Tree::All(all) => all.iter().map(Tree::takes).max().unwrap_or(0),
            Tree::First(both) => both[0].takes().min(both[1].takes()),
            Tree::Within(time, tree) => tree.takes().min(*time),
            Tree::Spawned(tree) => tree.takes(),
            Tree::InTurn(all) => all.iter().map(Tree::takes).sum(),
        }
    }

    fn run(self) -> Pin<Box<dyn Future<Output = Result<(), Error>>>> {
        Box::pin(async move {
            match self {
                Tree::Sleep(time) => sleep(Duration::from_millis(time)).await,
                Tree::All(all) => join_all(all.into_iter().map(Tree::run)).await.into_iter().collect(),
                Tree::First(both) => match select(both[0].clone().run(), both[1].clone().run()).await {
                    Either::First(result) | Either::Second(result) => result,
                },
                Tree::Within(time, tree) => match timeout(Duration::from_millis(time), tree.run()).await {
                    Err(error) if error.status == Status::TIMEOUT => Ok(()),
                    result => result,
                },
                Tree::Spawned(tree) => spawn(tree.run()).await,
                Tree::InTurn(all) => {
                    for tree in all {
                        tree.run().await?;
                    }
                    Ok(())
                }
            }
        })
    }
}

#[test]
fn trees_take_as_long_as_they_should() {
    let mut random = Random(1);
    let host = Host::new();
    for _ in 0..3000 {
        let tree = random.tree(6);
        let there = tree.clone();
        host.run(|| there.run()).unwrap();
        assert_eq!(host.elapsed(), Duration::from_millis(tree.takes()), "{tree:?}");
    }
}
