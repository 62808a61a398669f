use std::fmt;
use std::marker::PhantomData;

use super::sealed::Sealed;
use super::{Metric, Past, Reading};
use crate::descriptor::{Kind, LabelDescriptor, possible_combinations};
use crate::label::{LabelSet, LabelValue, Unlabelled};
use crate::storage::{Block, StateCell, is_recording};

/// Which of several states is the current one: a circuit breaker, a job, a connection.
///
/// `S` is the states, an enum that derives `LabelValue`; `L` is the labels (see [`Counter`](super::Counter)). There is
/// one series for each state, 1 for the current one and 0 for the others, all 0 until one is set. The label that has the
/// state is called like the whole family, as in OpenMetrics: `breaker_state{breaker_state="open"} 1`.
///
/// A scrape sees exactly one current state. Setting one never fails, panics or blocks.
///
/// ```
/// # use enumetrics_macros::LabelValue;
/// # use enumetrics_runtime::{LabelValue, StateSet};
/// #[derive(LabelValue, Clone, Copy, Debug, PartialEq)]
/// # #[label(crate = enumetrics_runtime)]
/// pub enum State { Closed, Open, HalfOpen }
///
/// static BREAKER: StateSet<State> = StateSet::new();
///
/// BREAKER.set(State::Open);
/// assert_eq!(BREAKER.get(), Some(State::Open));
/// ```
pub struct StateSet<S: LabelValue, L: LabelSet = ()> {
    cells: L::Cells<StateCell>,
    past: Past,
    states: PhantomData<fn(S)>,
}

impl<S: LabelValue, L: LabelSet> StateSet<S, L> {
    /// The most time series that this state set exports: one for each combination of label values and each state.
    pub const MAX_SERIES: usize = possible_combinations(L::LABELS).saturating_mul(S::COMBINATIONS);

    /// A state set without a current state.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            cells: Block::ZERO,
            past: Past::new(),
            states: PhantomData,
        }
    }

    /// The states with these label values.
    #[inline]
    pub fn with(&self, labels: L) -> StateSetSeries<'_, S> {
        self.at(labels.index())
    }

    #[inline]
    fn at(&self, index: usize) -> StateSetSeries<'_, S> {
        StateSetSeries {
            cell: self.cells.as_ref().get(index),
            index,
            past: &self.past,
            states: PhantomData,
        }
    }

    /// Removes the states of all label values, each as if by themselves.
    pub fn clear(&self) {
        (0..L::COMBINATIONS).for_each(|index| self.at(index).remove());
    }

    /// Makes `state` the current one.
    #[inline]
    pub fn set(&self, state: S)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).set(state);
    }

    /// The current state; none before one was set.
    #[must_use]
    pub fn get(&self) -> Option<S>
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).get()
    }

    /// Leaves the metric out of scrapes, without a current state, until one is set.
    pub fn remove(&self)
    where
        L: Unlabelled,
    {
        self.with(L::ONLY).remove();
    }

    without!(buckets, quantiles, compute(L));
}

/// The states of a [`StateSet`] with its label values chosen.
///
/// It can be kept: a handle to a `static` state set is `'static`.
pub struct StateSetSeries<'a, S: LabelValue> {
    /// Nothing for a label value that is skipped.
    cell: Option<&'a StateCell>,
    index: usize,
    past: &'a Past,
    states: PhantomData<fn(S)>,
}

impl<S: LabelValue> StateSetSeries<'_, S> {
    /// Makes `state` the current one.
    #[inline]
    pub fn set(&self, state: S) {
        let state = state.index();
        // One that is skipped is no state.
        if let Some(cell) = self.cell
            && state < S::COMBINATIONS
            && is_recording()
        {
            cell.set(state);
        }
    }

    /// The current state; none before one was set.
    #[must_use]
    pub fn get(&self) -> Option<S> {
        self.cell.and_then(StateCell::get).map(S::at)
    }

    /// Leaves the states out of scrapes, without a current one, until one is set.
    pub fn remove(&self) {
        if let Some(cell) = self.cell {
            cell.clear();
            self.past.hide(self.index);
        }
    }
}

/// As many labels as a state set may have, its own included.
const MOST_LABELS: usize = 64;

impl<S: LabelValue, L: LabelSet> StateSet<S, L> {
    /// The labels, and then that of the state, whose name is the family's: the macros put it there.
    const ALL_LABELS: &'static [LabelDescriptor; MOST_LABELS] = &{
        let mut all = [LabelDescriptor::new("", S::VALUES); MOST_LABELS];
        let mut at = 0;
        while at < L::LABELS.len() {
            all[at] = L::LABELS[at];
            at += 1;
        }
        all
    };
}

impl<S: LabelValue, L: LabelSet> Sealed for StateSet<S, L> {}

impl<S: LabelValue, L: LabelSet> Metric for StateSet<S, L> {
    const KIND: Kind = Kind::StateSet;
    const LABELS: &'static [LabelDescriptor] = Self::ALL_LABELS.split_at(L::LABELS.len() + 1).0;
    const NEW: Self = Self::new();
    type WithBuckets<const N: usize> = Self;
    type WithQuantiles<const N: usize> = Self;
    type Shared = Self;
    type Traced = Self;
    type Sparse = Self;
    type Native = Self;

    fn read(&self) -> Reading<'_> {
        Reading::States {
            cells: self.cells.as_ref(),
            past: &self.past,
            count: S::COMBINATIONS,
        }
    }
}

impl<S: LabelValue, L: LabelSet> Default for StateSet<S, L> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: LabelValue, L: LabelSet> fmt::Debug for StateSet<S, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states = (0..L::COMBINATIONS).map(|index| self.at(index));
        super::debug_series(f, L::LABELS, states)
    }
}

// By hand: a derive would ask for `S: Copy`.
impl<S: LabelValue> Copy for StateSetSeries<'_, S> {}

impl<S: LabelValue> Clone for StateSetSeries<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: LabelValue> fmt::Debug for StateSetSeries<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.get().map(|state| state.value()).fmt(f)
    }
}
