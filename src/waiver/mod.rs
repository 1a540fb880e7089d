//! Waivers: findings that are accepted for a time, with a reason and an owner.
