//! Settings of an organization, for its forms: what holds and why, and whether a change may be made.

use chrono::NaiveDate;

use super::{Enabled, Rulebook, SettingInForce};
use crate::settings::{Dated, Schema, SettingProblem, alone, clash, together};
use crate::suggest::nearest;
use crate::{Content, SettingChange, registry};

impl Rulebook {
    /// The settings of a hook on a day, with the value for these scopes and the change it comes from: the
    /// organization's own, one of a pack, or none for a default.
    pub fn settings_in_force(
        &self,
        content: &Content,
        hook: &str,
        day: Option<NaiveDate>,
        scopes: &[String],
    ) -> Vec<SettingInForce> {
        let enabled = Enabled::of(content, self.packs());
        let schema = enabled.schema(&self.default_pack, hook);
        let dated = dated(&schema, &enabled, content, hook);
        let (values, sources) = (dated.at(day, scopes), dated.sources(day, scopes));
        let in_force = |setting: crate::Setting| SettingInForce {
            value: values.get(&setting.name).cloned().unwrap_or_default(),
            change: sources
                .get(setting.name.as_str())
                .map(|change| (*change).clone()),
            setting,
        };
        schema.settings.into_iter().map(in_force).collect()
    }

    /// Whether these changes may be made on top of what an organization has: each by itself, no two at
    /// once, and every check on every day on which a value changes.
    pub fn check_settings(
        &self,
        content: &Content,
        changes: &[SettingChange],
    ) -> Result<(), Vec<SettingProblem>> {
        let enabled = Enabled::of(content, self.packs());
        let mut problems = Vec::new();
        for change in changes {
            if let Err((message, hint)) = self.judge(&enabled, change) {
                problems.push(SettingProblem::of(change, message, hint));
            }
        }
        if let Some((index, (message, hint))) = clash(changes) {
            let change = changes.get(index);
            problems.extend(change.map(|change| SettingProblem::of(change, message, hint)));
        }
        if problems.is_empty() {
            problems = self.judge_together(&enabled, content, changes);
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }

    fn judge(
        &self,
        enabled: &Enabled<'_>,
        change: &SettingChange,
    ) -> Result<(), (String, Option<String>)> {
        if registry::hook(&change.hook).is_none() {
            let near = nearest(&change.hook, registry::hooks().iter().map(|hook| hook.name));
            let hint = near.map(|near| format!("did you mean `{near}`?"));
            return Err((format!("no hook is called `{}`", change.hook), hint));
        }
        alone(&enabled.schema(&self.default_pack, &change.hook), change)
    }

    fn judge_together(
        &self,
        enabled: &Enabled<'_>,
        content: &Content,
        changes: &[SettingChange],
    ) -> Vec<SettingProblem> {
        let touched = |hook: &&crate::Hook| changes.iter().any(|change| change.hook == hook.name);
        let hooks = registry::hooks().iter().filter(touched);
        hooks
            .flat_map(|hook| {
                let own: Vec<SettingChange> = of_hook(changes, hook.name).cloned().collect();
                let schema = enabled.schema(&self.default_pack, hook.name);
                let before = dated(&schema, enabled, content, hook.name);
                let all = of_hook(&content.settings, hook.name).chain(&own);
                let after = shipped(&schema, enabled, hook.name).over(all.cloned());
                together(&schema, &before, &after, &own)
            })
            .collect()
    }
}

fn of_hook<'a>(
    changes: &'a [SettingChange],
    hook: &'a str,
) -> impl Iterator<Item = &'a SettingChange> {
    changes.iter().filter(move |change| change.hook == hook)
}

/// Defaults, and what the enabled packs set.
fn shipped(schema: &Schema, enabled: &Enabled<'_>, hook: &str) -> Dated {
    let packs = enabled.packs.iter().rev();
    let in_force = packs.filter(|(binding, _)| binding.mode == crate::Mode::On);
    let values = in_force.flat_map(|(_, pack)| of_hook(&pack.values, hook));
    Dated::new(schema.defaults(), values.cloned())
}

fn dated(schema: &Schema, enabled: &Enabled<'_>, content: &Content, hook: &str) -> Dated {
    shipped(schema, enabled, hook).over(of_hook(&content.settings, hook).cloned())
}
