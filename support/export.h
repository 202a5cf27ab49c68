#pragma once

/// Marks what a shared libnablur shows to its users; everything else is built with hidden
/// visibility.
#define NABLUR_API __attribute__((visibility("default")))
