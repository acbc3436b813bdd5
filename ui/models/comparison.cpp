// SPDX-License-Identifier: Apache-2.0
#include "ui/models/comparison.h"

#include <algorithm>

namespace moescope::ui {

namespace {

const std::vector<LayerDistance> kNoDistance;

std::shared_ptr<std::atomic<bool>> freshCancel() { return std::make_shared<std::atomic<bool>>(false); }

/** Null if it was cancelled. */
std::shared_ptr<const RunComparison> compared(const std::array<std::shared_ptr<const RunTrace>, 2>& of,
                                              const SharedParts& shared, const std::atomic<bool>& cancel) {
    try {
        return std::make_shared<RunComparison>(compareRuns(of[0], of[1], shared, &cancel));
    } catch (const trace::Error&) { // nothing else ends it
        return nullptr;
    }
}

} // namespace

int NeedleGridView::find(uint32_t length, uint32_t depth) const {
    const auto column = std::find(lengths.begin(), lengths.end(), length);
    const auto row = std::find(depths.begin(), depths.end(), depth);
    if (column == lengths.end() || (!depths.empty() && row == depths.end())) {
        return -1;
    }
    return index(static_cast<int>(column - lengths.begin()), static_cast<int>(row - depths.begin()));
}

Comparison::Comparison(Selection* selection, QObject* parent) : QObject(parent), m_selection(selection) {
    m_pool.setMaxThreadCount(2); // the pair in view does not wait for distances of others
    m_pairCancel = freshCancel();
}

Comparison::~Comparison() {
    stopAll();
    m_pool.waitForDone();
}

void Comparison::stopAll() {
    m_pairCancel->store(true);
    for (const Distance& distance : std::as_const(m_distances)) {
        distance.cancel->store(true);
    }
    m_distances.clear();
}

void Comparison::open(qint64 id, const QString& question) {
    stopAll();
    m_id = id;
    m_question = question;
    m_equal.clear();
    m_once.clear();
    m_runs.clear();
    m_chosen = {0, 0};
    m_sides = {-1, -1};
    m_shown = {0, 0};
    m_traces = {};
    m_pair.reset();
    m_comparing = false;
    m_all = false;
    m_wantsDistances = false;
    m_grid.reset();
    emit opened();
    emit runsChanged();
    emit pairChanged();
    emit viewChanged();
    emit gridChanged();
}

void Comparison::setQuestion(const QString& question) {
    if (question != m_question) {
        m_question = question;
        emit runsChanged();
    }
}

void Comparison::setEqual(const QStringList& facts, const QString& once) {
    if (facts != m_equal || once != m_once) {
        m_equal = facts;
        m_once = once;
        emit runsChanged();
    }
}

void Comparison::setRuns(const QList<RunView>& runs) {
    m_runs = runs;
    refreshSides();
}

void Comparison::setRun(const RunView& run) {
    const int index = indexOf(run.id);
    if (index < 0) {
        m_runs.append(run);
    } else {
        m_runs[index] = run;
    }
    refreshSides();
}

int Comparison::indexOf(qint64 run) const {
    const auto found =
        std::find_if(m_runs.begin(), m_runs.end(), [run](const RunView& view) { return view.id == run; });
    return found == m_runs.end() ? -1 : static_cast<int>(found - m_runs.begin());
}

QString Comparison::letter(int index) const {
    if (index == m_sides[0]) {
        return QStringLiteral("A");
    }
    if (index == m_sides[1]) {
        return QStringLiteral("B");
    }
    int place = 2;
    for (int other = 0; other < index; ++other) {
        place += other != m_sides[0] && other != m_sides[1] ? 1 : 0;
    }
    // Beyond Z as the columns of a spreadsheet.
    return place < 26 ? QString(QChar(u'A' + place)) : QString(QChar(u'A' + place / 26 - 1)) + QChar(u'A' + place % 26);
}

const RunView* Comparison::side(Side side) const {
    const int index = sideIndex(side);
    return index < 0 ? nullptr : &m_runs.at(index);
}

void Comparison::choose(Side side, qint64 run) {
    if (indexOf(run) < 0) {
        return;
    }
    const auto one = static_cast<size_t>(side);
    const size_t other = 1 - one;
    const std::array<int, 2> before = m_sides;
    if (before[other] >= 0 && m_runs.at(before[other]).id == run) {
        m_chosen[other] = before[one] >= 0 ? m_runs.at(before[one]).id : 0;
    } else if (before[other] >= 0) {
        m_chosen[other] = m_runs.at(before[other]).id; // what stands there stays
    }
    m_chosen[one] = run;
    refreshSides();
}

int Comparison::defaultSide(int other) const {
    const auto rank = [](const RunView& run) {
        const bool ended = run.phase == RunPhase::Failed || run.phase == RunPhase::Cancelled;
        return run.hasAnswer() ? 0 : ended ? 2 : 1;
    };
    int best = -1;
    for (int index = 0; index < m_runs.size(); ++index) {
        if (index != other && (best < 0 || rank(m_runs.at(index)) < rank(m_runs.at(best)))) {
            best = index;
        }
    }
    return best;
}

void Comparison::refreshSides() {
    std::array<int, 2> sides{indexOf(m_chosen[0]), indexOf(m_chosen[1])};
    for (const size_t side : {size_t{0}, size_t{1}}) {
        if (sides[side] < 0) {
            m_chosen[side] = 0;
            sides[side] = defaultSide(sides[1 - side]);
        }
    }
    m_sides = sides;
    dropStalePair();
    emit runsChanged();
    refreshPair();
    refreshDistances();
}

SharedParts Comparison::sharedParts(const RunView& a, const RunView& b) {
    return {!a.tokenizer_key.isEmpty() && a.tokenizer_key == b.tokenizer_key,
            !a.model_key.isEmpty() && a.model_key == b.model_key};
}

std::array<qint64, 2> Comparison::shownNow() const {
    const RunView* a = side(Side::A);
    const RunView* b = side(Side::B);
    return {a != nullptr ? a->id : 0, b != nullptr ? b->id : 0};
}

void Comparison::dropStalePair() {
    // While an answer grows, what was there stays until there is something newer.
    const RunView* a = side(Side::A);
    const RunView* b = side(Side::B);
    const bool answered = a != nullptr && b != nullptr && a->hasAnswer() && b->hasAnswer();
    if (shownNow() != m_shown || !answered) {
        m_pair.reset();
    }
}

void Comparison::refreshPair() {
    const RunView* a = side(Side::A);
    const RunView* b = side(Side::B);
    const std::array<qint64, 2> shown = shownNow();
    const Traces traces{a != nullptr ? a->trace : nullptr, b != nullptr ? b->trace : nullptr};
    if (shown == m_shown && traces == m_traces) {
        return;
    }
    m_pairCancel->store(true);
    m_pairCancel = freshCancel();
    m_comparing = a != nullptr && b != nullptr && a->hasAnswer() && b->hasAnswer();
    m_shown = shown;
    m_traces = traces;
    if (m_comparing) {
        m_pool.start(
            [this, traces, shared = sharedParts(*a, *b), cancel = m_pairCancel] {
                auto made = ui::compared(traces, shared, *cancel);
                QMetaObject::invokeMethod(
                    this,
                    [this, made, cancel] {
                        if (made != nullptr && !cancel->load()) {
                            m_comparing = false;
                            m_pair = made;
                            emit compared();
                        }
                    },
                    Qt::QueuedConnection);
            },
            1);
    }
    emit pairChanged();
}

bool Comparison::canAlignTokens() const {
    const RunView* a = side(Side::A);
    const RunView* b = side(Side::B);
    return a != nullptr && b != nullptr && sharedParts(*a, *b).tokens;
}

int Comparison::mostDistantLayer() const {
    if (m_pair == nullptr || m_pair->distance.empty()) {
        return -1;
    }
    const auto most = std::max_element(
        m_pair->distance.begin(), m_pair->distance.end(),
        [](const LayerDistance& one, const LayerDistance& other) { return one.js_bits < other.js_bits; });
    return static_cast<int>(most - m_pair->distance.begin());
}

void Comparison::setShowsAll(bool all) {
    if (all != m_all) {
        m_all = all;
        refreshDistances();
        emit viewChanged();
    }
}

void Comparison::wantDistances() {
    m_wantsDistances = true;
    refreshDistances();
}

void Comparison::setUnit(Unit unit) {
    if (unit != m_unit) {
        m_unit = unit;
        emit viewChanged();
    }
}

QString Comparison::whyNoDistance(int index) const {
    const RunView* a = side(Side::A);
    const RunView& run = m_runs.at(index);
    if (a == nullptr || index == sideIndex(Side::A)) {
        return tr("run A itself");
    }
    if (!a->hasAnswer() || !run.hasAnswer()) {
        return tr("no answer yet");
    }
    if (!sharedParts(*a, run).routers) {
        return tr("another model’s routers");
    }
    const auto found = m_distances.constFind(run.id);
    return found != m_distances.constEnd() && found->done && found->layers.empty() ? tr("routing was not recorded")
                                                                                   : QString();
}

void Comparison::refreshDistances() {
    const RunView* a = side(Side::A);
    bool changed = false;
    QHash<qint64, Distance> kept;
    for (int index = 0; index < m_runs.size(); ++index) {
        const RunView& run = m_runs.at(index);
        if (!(m_all || m_wantsDistances) || a == nullptr || index == sideIndex(Side::A) || !a->hasAnswer() ||
            !run.hasAnswer() || !sharedParts(*a, run).routers) {
            continue;
        }
        const auto found = m_distances.constFind(run.id);
        if (found != m_distances.constEnd() && found->of == Traces{a->trace, run.trace}) {
            kept.insert(run.id, *found);
            m_distances.remove(run.id);
        } else {
            kept.insert(run.id, Distance{{a->trace, run.trace}, nullptr, false, {}});
        }
    }
    for (const Distance& distance : std::as_const(m_distances)) {
        distance.cancel->store(true);
        changed = true;
    }
    m_distances = kept;
    for (auto it = kept.cbegin(); it != kept.cend(); ++it) {
        if (it->cancel == nullptr) {
            startDistance(it.key(), it->of);
            changed = true;
        }
    }
    if (changed) {
        emit distancesChanged();
    }
}

void Comparison::startDistance(qint64 run, const Traces& of) {
    Distance& distance = m_distances[run];
    distance.cancel = freshCancel();
    const SharedParts shared = sharedParts(*side(Side::A), m_runs.at(indexOf(run)));
    m_pool.start([this, run, of, shared, cancel = distance.cancel] {
        auto made = ui::compared(of, shared, *cancel);
        QMetaObject::invokeMethod(
            this,
            [this, run, made, cancel] {
                if (made != nullptr && !cancel->load()) {
                    m_distances[run].layers = made->distance;
                    m_distances[run].done = true;
                    emit distancesChanged();
                }
            },
            Qt::QueuedConnection);
    });
}

const std::vector<LayerDistance>& Comparison::distanceToA(int index) const {
    const auto found = m_distances.constFind(m_runs.at(index).id);
    return found == m_distances.constEnd() ? kNoDistance : found->layers;
}

bool Comparison::isDistancePending(int index) const {
    const auto found = m_distances.constFind(m_runs.at(index).id);
    return found != m_distances.constEnd() && !found->done;
}

void Comparison::setMasks(std::shared_ptr<const FilterMask> a, std::shared_ptr<const FilterMask> b) {
    if (a != m_masks[0] || b != m_masks[1]) {
        m_masks = {std::move(a), std::move(b)};
        emit masksChanged();
    }
}

bool Comparison::matchesLayer(int layer) const {
    return (!m_masks[0] && !m_masks[1]) || std::any_of(m_masks.begin(), m_masks.end(), [layer](const auto& mask) {
               return mask && mask->matchesLayer(layer);
           });
}

void Comparison::setGrid(const std::optional<NeedleGridView>& grid) {
    if (grid != m_grid) {
        m_grid = grid;
        emit gridChanged();
    }
}

int Comparison::cellOf(Side side) const {
    const RunView* run = this->side(side);
    if (!m_grid || run == nullptr || run->draft.kind != PromptKind::Template || run->draft.length <= 0) {
        return -1;
    }
    return m_grid->find(static_cast<uint32_t>(run->draft.length), static_cast<uint32_t>(run->draft.depth));
}

int Comparison::pairOf(Side side, int token) const {
    if (m_pair == nullptr) {
        return -1;
    }
    const auto of = [side](const TokenPair& pair) { return side == Side::A ? pair.a : pair.b; };
    const auto found = std::lower_bound(m_pair->pairs.begin(), m_pair->pairs.end(), token,
                                        [&](const TokenPair& pair, int value) { return of(pair) < value; });
    return found != m_pair->pairs.end() && of(*found) == token ? static_cast<int>(found - m_pair->pairs.begin()) : -1;
}

Comparison::Place Comparison::place() const {
    const SelectionState& state = m_selection->state();
    Place place;
    for (const Side which : {Side::A, Side::B}) {
        const RunView* run = side(which);
        if (run == nullptr || state.run < 0 || run->answer != state.run) {
            continue;
        }
        place.layer = state.layer;
        if (!run->hasAnswer() || state.token < 0 || state.token >= run->trace->size()) {
            return place;
        }
        place.a = which == Side::A ? state.token : -1;
        place.b = which == Side::B ? state.token : -1;
        place.pair = pairOf(which, state.token);
        if (place.pair >= 0) {
            place.a = m_pair->pairs[size_t(place.pair)].a;
            place.b = m_pair->pairs[size_t(place.pair)].b;
        } else if (m_pair != nullptr) {
            const TokenPair& first = m_pair->first_difference;
            if (first.a >= 0 && state.token == (which == Side::A ? first.a : first.b)) {
                place.a = first.a;
                place.b = first.b;
            }
        }
        return place;
    }
    return place;
}

void Comparison::select(Side side, int token, int layer) {
    const RunView* run = this->side(side);
    if (run == nullptr || !run->hasAnswer() || token < 0 || token >= run->trace->size()) {
        return;
    }
    m_selection->setFollowing(false);
    SelectionState next = m_selection->state();
    next.run = run->answer;
    next.token = token;
    next.layer = layer >= 0 ? std::min(layer, run->trace->shape().layers - 1) : next.layer;
    next.expert = -1;
    m_selection->set(next);
}

void Comparison::selectLayer(int layer) {
    const RunView* a = side(Side::A);
    if (a == nullptr || !a->hasAnswer() || layer < 0 || layer >= a->trace->shape().layers) {
        return;
    }
    const Place at = place();
    if (at.isEmpty()) {
        select(Side::A, 0, layer);
    } else {
        m_selection->setLayer(layer);
    }
}

void Comparison::selectParting() {
    if (m_pair != nullptr) {
        select(Side::A, std::max(0, m_pair->first_difference.a), std::max(0, mostDistantLayer()));
    }
}

} // namespace moescope::ui
