// SPDX-License-Identifier: Apache-2.0
#include "ui/models/whatif.h"

#include "ui/models/errortext.h"

#include <QCoreApplication>

#include <algorithm>
#include <map>

namespace moescope::ui {

namespace {

constexpr qsizetype mostSteps = 100; // that can be taken back
constexpr size_t fewPlaces = 4;      // that are named one by one in brief

QString tr(const char* text) { return QCoreApplication::translate("WhatIf", text); }

quint64 keyOf(const trace::ExpertPlace& place) { return quint64{place.layer} << 32U | place.expert; }

template <typename Places>
void removePlace(Places& places, const trace::ExpertPlace& place) {
    places.erase(std::remove(places.begin(), places.end(), place), places.end());
}

void removeBias(std::vector<trace::ExpertBias>& biases, const trace::ExpertPlace& place) {
    biases.erase(std::remove_if(biases.begin(), biases.end(), [&](const auto& bias) { return bias.place == place; }),
                 biases.end());
}

/** "6", "6 and 7", "6, 7 and 9". */
QString listed(const QStringList& names) {
    if (names.size() == 1) {
        return names.first();
    }
    return tr("%1 and %2").arg(names.mid(0, names.size() - 1).join(QStringLiteral(", ")), names.last());
}

/** `one`: "layer %1, expert %2 banned", `several` the same for more, `many` for more than are named. */
QStringList placesWords(const std::vector<trace::ExpertPlace>& places, bool brief, const QString& one,
                        const QString& several, const QString& many) {
    std::map<uint32_t, QStringList> byLayer;
    std::vector<trace::ExpertPlace> sorted = places;
    std::sort(sorted.begin(), sorted.end());
    for (const trace::ExpertPlace& place : sorted) {
        byLayer[place.layer].append(QString::number(place.expert));
    }
    if (brief && places.size() > fewPlaces) {
        return {many.arg(places.size())};
    }
    QStringList words;
    for (const auto& [layer, experts] : byLayer) {
        words.append((experts.size() == 1 ? one : several).arg(QString::number(layer), listed(experts)));
    }
    return words;
}

QString signedText(float bias) {
    const QString text = QString::number(double(std::abs(bias)), 'g', 4);
    return (bias < 0 ? QStringLiteral("−") : QStringLiteral("+")) + text;
}

QStringList biasWords(std::vector<trace::ExpertBias> biases, bool brief) {
    if (brief && biases.size() > fewPlaces) {
        return {tr("%1 experts biased").arg(biases.size())};
    }
    std::sort(biases.begin(), biases.end(), [](const auto& a, const auto& b) { return a.place < b.place; });
    QStringList words;
    for (const trace::ExpertBias& bias : biases) {
        words.append(
            tr("layer %1, expert %2 bias %3").arg(bias.place.layer).arg(bias.place.expert).arg(signedText(bias.bias)));
    }
    return words;
}

} // namespace

QString recipeWords(const trace::Intervention& recipe, bool brief) {
    QStringList words = placesWords(recipe.banned, brief, tr("layer %1, expert %2 banned"),
                                    tr("layer %1, experts %2 banned"), tr("%1 experts banned"));
    words += placesWords(recipe.forced, brief, tr("layer %1, expert %2 forced"), tr("layer %1, experts %2 forced"),
                         tr("%1 experts forced"));
    words += biasWords(recipe.biases, brief);
    if (recipe.experts_used > 0) {
        words.append(tr("top-%1").arg(recipe.experts_used));
    }
    if (recipe.without_shared) {
        words.append(tr("shared expert off"));
    }
    return words.join(QStringLiteral(" · "));
}

void WhatIf::setModel(const trace::ModelInfo& model) {
    const TraceShape shape = TraceShape::of(model);
    if (shape != m_shape) {
        m_recipe = {};
        m_history.clear();
        m_open = false;
    }
    m_model = model;
    m_shape = shape;
    refresh();
}

void WhatIf::unsetModel() {
    m_model.reset();
    refresh();
}

bool WhatIf::isAbout(const TraceShape& shape) const {
    // The number of experts used is part of a what-if.
    return m_model && !shape.isDense() && shape.model == m_shape.model && shape.file == m_shape.file &&
           shape.layers == m_shape.layers && shape.experts == m_shape.experts;
}

void WhatIf::setOpen(bool open) {
    if (open != m_open) {
        m_open = open;
        refresh();
    }
}

void WhatIf::toggleBanned(const trace::ExpertPlace& place) {
    trace::Intervention next = m_recipe;
    const bool banned = std::count(next.banned.begin(), next.banned.end(), place) > 0;
    removePlace(next.banned, place);
    if (!banned) {
        removePlace(next.forced, place);
        removeBias(next.biases, place);
        next.banned.push_back(place);
    }
    apply(next);
}

void WhatIf::toggleForced(const trace::ExpertPlace& place) {
    trace::Intervention next = m_recipe;
    const bool forced = std::count(next.forced.begin(), next.forced.end(), place) > 0;
    removePlace(next.forced, place);
    if (!forced) {
        removePlace(next.banned, place);
        removeBias(next.biases, place);
        next.forced.push_back(place);
    }
    apply(next);
}

void WhatIf::setBias(const trace::ExpertPlace& place, float bias) {
    trace::Intervention next = m_recipe;
    removeBias(next.biases, place);
    if (bias != 0) {
        removePlace(next.banned, place);
        removePlace(next.forced, place);
        next.biases.push_back({place, bias});
    }
    apply(next);
}

void WhatIf::setWithoutShared(bool without) {
    trace::Intervention next = m_recipe;
    next.without_shared = without;
    apply(next);
}

void WhatIf::setExpertsUsed(uint32_t used) {
    trace::Intervention next = m_recipe;
    next.experts_used = m_model && used == m_model->expert_used_count ? 0 : used;
    apply(next);
}

void WhatIf::setRecipe(const trace::Intervention& recipe) { apply(recipe); }

void WhatIf::clear() {
    m_open = false;
    apply({});
    refresh();
}

void WhatIf::undo() {
    if (!m_history.isEmpty()) {
        m_recipe = m_history.takeLast();
        m_open = true; // who takes back the first change goes on with it
        refresh();
    }
}

void WhatIf::setShown(const trace::Intervention& recipe, const TraceShape& shape) {
    if (recipe != m_shown || shape != m_shownShape) {
        m_shown = recipe;
        m_shownShape = shape;
        refresh();
    }
}

const trace::Intervention& WhatIf::marked() const {
    const bool elsewhere = !m_shownShape.isDense() && !isAbout(m_shownShape);
    return isEmpty() || elsewhere ? m_shown : m_recipe;
}

bool WhatIf::marks(const TraceShape& shape) const { return isAbout(shape) || shape == m_shownShape; }

WhatIf::Mark WhatIf::mark(int layer, int expert) const {
    return m_marks.value(keyOf({static_cast<uint32_t>(layer), static_cast<uint32_t>(expert)}), Mark::None);
}

QString WhatIf::markWords(int layer, int expert) const {
    switch (mark(layer, expert)) {
    case Mark::Banned: return tr("banned");
    case Mark::Forced: return tr("forced");
    case Mark::Biased: return tr("bias %1").arg(signedText(biasOf(layer, expert)));
    case Mark::None: break;
    }
    return {};
}

float WhatIf::biasOf(int layer, int expert) const {
    return m_biases.value(keyOf({static_cast<uint32_t>(layer), static_cast<uint32_t>(expert)}), 0);
}

void WhatIf::apply(const trace::Intervention& recipe) {
    if (recipe == m_recipe) {
        return;
    }
    m_history.append(m_recipe);
    if (m_history.size() > mostSteps) {
        m_history.removeFirst();
    }
    m_recipe = recipe;
    refresh();
}

void WhatIf::refresh() {
    m_problem.clear();
    if (m_model) {
        try {
            trace::checkIntervention(m_recipe, *m_model);
        } catch (const trace::Error& error) {
            m_problem = sentence(error);
        }
    }
    m_marks.clear();
    m_biases.clear();
    const trace::Intervention& recipe = marked();
    for (const trace::ExpertBias& bias : recipe.biases) {
        m_marks.insert(keyOf(bias.place), Mark::Biased);
        m_biases.insert(keyOf(bias.place), bias.bias);
    }
    for (const trace::ExpertPlace& place : recipe.forced) {
        m_marks.insert(keyOf(place), Mark::Forced);
    }
    for (const trace::ExpertPlace& place : recipe.banned) {
        m_marks.insert(keyOf(place), Mark::Banned);
    }
    emit changed();
}

} // namespace moescope::ui
