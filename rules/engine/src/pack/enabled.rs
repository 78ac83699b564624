//! Which installed packs an organization runs on, and why an enabled one is left out.

use crate::packs::PackInfo;
use crate::settings::Schema;
use crate::{Content, Mode, PackBinding, Problem};

use super::Pack;

/// The packs of one organization that are enabled and can be used, the most specific first.
pub(crate) struct Enabled<'a> {
    pub(crate) packs: Vec<(&'a PackBinding, &'a PackInfo)>,
    /// What is wrong with the others, with the hooks that fall to the next layer.
    pub(crate) problems: Vec<(Vec<String>, Problem)>,
}

impl<'a> Enabled<'a> {
    pub(crate) fn of(content: &'a Content, installed: &'a [PackInfo]) -> Self {
        let mut enabled = Self {
            packs: Vec::new(),
            problems: Vec::new(),
        };
        let in_use = |binding: &&PackBinding| binding.mode != Mode::Off;
        for binding in content.packs.iter().filter(in_use) {
            let pack = installed.iter().find(|pack| pack.id == binding.id);
            match pack.filter(|pack| pack.is_usable()) {
                None => enabled.leave_out(&[], missing(binding)),
                Some(pack) if pack.digest != binding.digest => {
                    enabled.leave_out(&pack.hooks, changed(binding, pack));
                }
                Some(pack) => match enabled.taken(pack) {
                    Some(problem) => enabled.leave_out(&pack.hooks, problem),
                    None => enabled.packs.push((binding, pack)),
                },
            }
        }
        enabled
    }

    fn leave_out(&mut self, hooks: &[String], problem: Problem) {
        self.problems.push((hooks.to_vec(), problem));
    }

    /// A setting that two packs add would be one setting with two meanings.
    fn taken(&self, pack: &PackInfo) -> Option<Problem> {
        self.packs.iter().find_map(|(_, other)| {
            let same = other.settings.iter().find(|one| {
                let mut added = pack.settings.iter();
                added.any(|two| two.hook == one.hook && two.setting.name == one.setting.name)
            })?;
            Some(Problem {
                message: format!(
                    "the packs `{}` and `{}` both add a setting `{}`",
                    other.id, pack.id, same.setting.name
                ),
                hint: Some("switch one of them off".to_owned()),
                ..Problem::default()
            })
        })
    }

    /// The settings of a hook: those that ship, then those the packs add.
    pub(crate) fn schema(&self, default_pack: &Pack, hook: &str) -> Schema {
        let added = self
            .packs
            .iter()
            .filter_map(|(_, pack)| pack.schemas.get(hook));
        let all = default_pack.schemas.get(hook).into_iter().chain(added);
        Schema::joined(all.map(AsRef::as_ref))
    }
}

fn missing(binding: &PackBinding) -> Problem {
    Problem {
        message: format!(
            "the pack `{}` is not installed, or cannot be used",
            binding.id
        ),
        hint: Some("put its folder back, or switch it off".to_owned()),
        ..Problem::default()
    }
}

fn changed(binding: &PackBinding, pack: &PackInfo) -> Problem {
    Problem {
        message: format!(
            "the pack `{}` changed since it was switched on: version {} then, {} now",
            binding.id, binding.version, pack.version
        ),
        hint: Some("look at what changed and switch it on again".to_owned()),
        ..Problem::default()
    }
}
