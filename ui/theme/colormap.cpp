// SPDX-License-Identifier: Apache-2.0
#include "ui/theme/colormap.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

using Triple = std::array<double, 3>;

double toLinear(double channel) {
    return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

double toGamma(double channel) {
    return channel <= 0.0031308 ? channel * 12.92 : 1.055 * std::pow(channel, 1.0 / 2.4) - 0.055;
}

Triple linearOf(uint32_t rgb) {
    return {toLinear(((rgb >> 16) & 0xFF) / 255.0), toLinear(((rgb >> 8) & 0xFF) / 255.0),
            toLinear((rgb & 0xFF) / 255.0)};
}

// Matrices of OKLab as its author published them.
Triple oklabOf(uint32_t rgb) {
    const auto [r, g, b] = linearOf(rgb);
    const double l = std::cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const double m = std::cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const double s = std::cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
            1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
            0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

QRgb rgbOf(const Triple& lab) {
    const double l = std::pow(lab[0] + 0.3963377774 * lab[1] + 0.2158037573 * lab[2], 3.0);
    const double m = std::pow(lab[0] - 0.1055613458 * lab[1] - 0.0638541728 * lab[2], 3.0);
    const double s = std::pow(lab[0] - 0.0894841775 * lab[1] - 1.2914855480 * lab[2], 3.0);
    const auto channel = [](double linear) {
        return static_cast<int>(std::lround(std::clamp(toGamma(std::max(linear, 0.0)), 0.0, 1.0) * 255.0));
    };
    return qRgb(channel(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                channel(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                channel(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s));
}

double luminance(const QColor& color) {
    const auto [r, g, b] = linearOf(color.rgb() & 0xFFFFFF);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

} // namespace

std::array<QRgb, 256> colorTable(const std::array<uint32_t, 9>& stops) {
    std::array<QRgb, 256> table{};
    for (size_t i = 0; i < table.size(); ++i) {
        const double place = static_cast<double>(i) / 255.0 * static_cast<double>(stops.size() - 1);
        const size_t low = std::min(static_cast<size_t>(place), stops.size() - 2);
        const double share = place - static_cast<double>(low);
        const Triple a = oklabOf(stops[low]);
        const Triple b = oklabOf(stops[low + 1]);
        table[i] = rgbOf({std::lerp(a[0], b[0], share), std::lerp(a[1], b[1], share), std::lerp(a[2], b[2], share)});
    }
    return table;
}

double contrast(const QColor& a, const QColor& b) {
    const double first = luminance(a) + 0.05;
    const double second = luminance(b) + 0.05;
    return std::max(first, second) / std::min(first, second);
}

} // namespace moescope::ui
