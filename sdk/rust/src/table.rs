/// A table by handles, which may be any numbers. In practice the lower bits are a small
/// number that the host reuses, and the upper bits count how often. So the lower bits
/// are an index; handles that do not fit there are in a list.
pub struct Table<T> {
    slots: Vec<Option<(u32, T)>>,
    others: Vec<(u32, T)>,
}

const SLOT_BITS: u32 = 24;
/// How far past the end of the slots a new one may be.
const MOST_GAP: usize = 1024;

fn slot_of(handle: u32) -> usize {
    (handle & ((1 << SLOT_BITS) - 1)) as usize
}

impl<T> Table<T> {
    pub const fn new() -> Self {
        Self { slots: Vec::new(), others: Vec::new() }
    }

    pub fn reserve(&mut self, more: usize) {
        self.slots.reserve(more);
    }

    pub fn put(&mut self, handle: u32, value: T) {
        let slot = slot_of(handle);
        if slot >= self.slots.len() && slot < self.slots.len() + MOST_GAP {
            self.slots.resize_with(slot + 1, || None);
        }
        match self.slots.get_mut(slot) {
            Some(free @ None) => *free = Some((handle, value)),
            _ => self.others.push((handle, value)),
        }
    }

    pub fn get(&mut self, handle: u32) -> Option<&mut T> {
        match self.slots.get_mut(slot_of(handle)) {
            Some(Some((there, value))) if *there == handle => Some(value),
            _ => self.others.iter_mut().find(|(other, _)| *other == handle).map(|(_, value)| value),
        }
    }

    pub fn remove(&mut self, handle: u32) -> Option<T> {
        match self.slots.get_mut(slot_of(handle)) {
            Some(slot @ Some(_)) if slot.as_ref().is_some_and(|(there, _)| *there == handle) => {
                slot.take().map(|(_, value)| value)
            }
            _ => {
                let at = self.others.iter().position(|(other, _)| *other == handle)?;
                Some(self.others.swap_remove(at).1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn takes_any_handle() {
        let handles = [0, 1, 2, 5 << 24 | 2, u32::MAX, 1 << 23, 3, 7 << 24 | 3];
        let mut table = Table::new();
        for h in handles {
            assert!(table.get(h).is_none());
            table.put(h, h);
        }
        for h in handles {
            assert_eq!(table.get(h), Some(&mut h.clone()));
            assert_eq!(table.remove(h), Some(h));
            assert_eq!(table.remove(h), None);
        }
    }
}
