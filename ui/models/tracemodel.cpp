// SPDX-License-Identifier: Apache-2.0
#include "ui/models/tracemodel.h"

#include <algorithm>
#include <memory>

namespace moescope::ui {

void TraceModel::setModel(const TraceShape& shape) {
    m_model = shape;
    // Answers kept before their model was loaded learn what their traces do not say.
    bool learnt = false;
    for (Run& run : m_runs) {
        if (run.shape != shape && run.shape.routesLike(shape)) {
            run.shape = shape;
            run.statistics.setShape(shape);
            run.matched.setShape(shape);
            run.prompt.setShape(shape);
            learnt = true;
        }
    }
    if (view() == nullptr) {
        m_empty = RoutingStatistics(shape);
    }
    if (view() == nullptr || learnt) {
        recountChat();
        emit currentChanged();
    }
}

TraceModel::Run TraceModel::freshRun(const TraceShape& shape) {
    Run run;
    run.shape = shape;
    run.statistics = RoutingStatistics(shape);
    run.matched = RoutingStatistics(shape);
    run.prompt = RoutingStatistics(shape);
    return run;
}

void TraceModel::begin(qint64 run, const TraceShape& shape, bool whatIf) {
    Run fresh = freshRun(shape);
    fresh.live = true;
    fresh.what_if = whatIf;
    m_runs.insert(run, fresh);
    m_current = run;
    m_window = {};
    recountChat();
    emit currentChanged();
    emit liveChanged(true);
}

void TraceModel::append(qint64 run, const QList<trace::TokenTracePtr>& tokens) {
    const auto found = m_runs.find(run);
    if (found == m_runs.end() || tokens.isEmpty()) {
        return;
    }
    const int first = static_cast<int>(found->tokens.size());
    add(*found, tokens);
    if (run == m_current) {
        emit appended(first, static_cast<int>(found->tokens.size()) - 1);
    } else {
        emit chatChanged();
    }
}

void TraceModel::appendPrompt(qint64 run, const QList<trace::TokenTracePtr>& tokens) {
    const auto found = m_runs.find(run);
    if (found == m_runs.end() || tokens.isEmpty()) {
        return;
    }
    for (const trace::TokenTracePtr& token : tokens) {
        if (found->shape.fitsChoices(token->router)) {
            found->prompt.add(token->router);
        }
    }
    if (run == m_current) {
        emit promptChanged();
    }
}

void TraceModel::finish(qint64 run) {
    const auto found = m_runs.find(run);
    if (found != m_runs.end() && found->live) {
        found->live = false;
        if (run == m_current) {
            emit liveChanged(false);
        }
    }
}

void TraceModel::setRun(qint64 run, const TraceShape& shape, const QList<trace::TokenTracePtr>& tokens, bool whatIf) {
    Run kept = freshRun(shape.routesLike(m_model) ? m_model : shape);
    kept.what_if = whatIf;
    place(run, kept, tokens);
}

void TraceModel::setVersion(qint64 run, const TraceShape& shape, const QList<trace::TokenTracePtr>& tokens) {
    Run kept = freshRun(shape.routesLike(m_model) ? m_model : shape);
    kept.version = true;
    place(run, kept, tokens);
}

void TraceModel::place(qint64 run, const Run& kept, const QList<trace::TokenTracePtr>& tokens) {
    Run& placed = *m_runs.insert(run, kept);
    m_window = run == m_current ? TokenWindow() : m_window;
    recountChat();
    add(placed, tokens);
    if (run == m_current) {
        emit currentChanged();
    } else {
        emit chatChanged();
    }
}

void TraceModel::remove(qint64 run) {
    if (m_runs.remove(run) == 0) {
        return;
    }
    const bool inView = run == m_current;
    if (inView) {
        m_current = -1;
        m_window = {};
        m_empty = RoutingStatistics(m_model);
    }
    recountChat();
    if (inView) {
        emit currentChanged();
    } else {
        emit chatChanged();
    }
}

void TraceModel::clear() {
    m_runs.clear();
    m_current = -1;
    m_window = {};
    m_empty = RoutingStatistics(m_model);
    recountChat();
    emit currentChanged();
}

void TraceModel::setCurrent(qint64 run) {
    const qint64 next = m_runs.contains(run) ? run : -1;
    if (next == m_current) {
        return;
    }
    m_current = next;
    m_window = {};
    m_empty = RoutingStatistics(m_model);
    recountChat();
    emit currentChanged();
    emit liveChanged(isLive());
}

bool TraceModel::isLive() const {
    const Run* run = view();
    return run != nullptr && run->live;
}

const TraceShape& TraceModel::shape() const {
    const Run* run = view();
    return run != nullptr ? run->shape : m_model;
}

int TraceModel::tokenCount() const {
    const Run* run = view();
    return run != nullptr ? static_cast<int>(run->tokens.size()) : 0;
}

const trace::TokenTrace& TraceModel::token(int token) const { return *view()->tokens.at(token); }

const trace::RouterTrace* TraceModel::router(int token) const { return router(m_current, token); }

int TraceModel::topExpert(qint64 run, int token, int layer) const {
    const auto found = m_runs.constFind(run);
    if (found == m_runs.constEnd() || token < 0 || token >= found->tokens.size() || !found->routed.at(token)) {
        return -1;
    }
    const trace::RouterTrace& router = found->tokens.at(token)->router;
    const bool known = layer >= 0 && layer < int(router.moe_layers);
    return known ? router.experts[size_t(layer) * router.expert_used_count] : -1;
}

bool TraceModel::hasRouting() const {
    const Run* run = view();
    return run != nullptr && run->statistics.n() > 0;
}

const RoutingStatistics& TraceModel::statistics(Scope scope, int token) const {
    const Run* run = view();
    switch (scope) {
    case Scope::Chat: return m_chat;
    case Scope::Answer: return run != nullptr ? run->statistics : m_empty;
    case Scope::Window:
        if (m_windowCounted != m_revision) {
            m_windowCounted = m_revision;
            m_windowStatistics = RoutingStatistics(shape());
            for (int at = m_window.first; at >= 0 && at <= m_window.last; ++at) {
                if (const trace::RouterTrace* trace = router(at)) {
                    m_windowStatistics.add(*trace);
                }
            }
        }
        return m_windowStatistics;
    case Scope::Token: break;
    }
    m_token = RoutingStatistics(shape());
    if (const trace::RouterTrace* trace = router(token)) {
        m_token.add(*trace);
    }
    return m_token;
}

const RoutingStatistics& TraceModel::promptStatistics() const {
    const Run* run = view();
    return run != nullptr ? run->prompt : m_empty;
}

void TraceModel::setWindow(TokenWindow window) {
    if (window.first > window.last) {
        std::swap(window.first, window.last);
    }
    window.first = std::max(window.first, 0);
    window.last = std::min(window.last, tokenCount() - 1);
    if (window.first > window.last) {
        window = {};
    }
    if (window != m_window) {
        m_window = window;
        m_windowCounted = 0;
        emit windowChanged();
    }
}

QList<qint64> TraceModel::runs(Scope scope) const {
    QList<qint64> runs;
    if (scope == Scope::Chat) {
        for (auto run = m_runs.constBegin(); run != m_runs.constEnd(); ++run) {
            if (isInChat(*run)) {
                runs.append(run.key());
            }
        }
        std::sort(runs.begin(), runs.end());
    } else if (scope != Scope::Token && view() != nullptr) {
        runs.append(m_current);
    }
    return runs;
}

QList<qint64> TraceModel::answers() const {
    QList<qint64> answers;
    for (auto run = m_runs.constBegin(); run != m_runs.constEnd(); ++run) {
        if (run->shape == m_chat.shape()) {
            answers.append(run.key());
        }
    }
    std::sort(answers.begin(), answers.end(),
              [this](qint64 a, qint64 b) { return std::pair(isOtherVersion(a), a) < std::pair(isOtherVersion(b), b); });
    return answers;
}

bool TraceModel::isOtherVersion(qint64 run) const {
    const auto found = m_runs.constFind(run);
    return found != m_runs.constEnd() && found->version;
}

int TraceModel::whatIfAnswers() const {
    return static_cast<int>(std::count_if(m_runs.begin(), m_runs.end(), [&](const Run& run) {
        TraceShape used = run.shape; // the number of experts a token may be the what-if
        used.used = m_chat.shape().used;
        return run.what_if && used.routesLike(m_chat.shape());
    }));
}

int TraceModel::tokenCount(qint64 run) const { return static_cast<int>(m_runs.find(run)->tokens.size()); }

const trace::TokenTrace& TraceModel::token(qint64 run, int token) const { return *m_runs.find(run)->tokens.at(token); }

const trace::RouterTrace* TraceModel::router(qint64 run, int token) const {
    const auto found = m_runs.constFind(run);
    const bool routed =
        found != m_runs.constEnd() && token >= 0 && token < found->tokens.size() && found->routed.at(token);
    return routed ? &found->tokens.at(token)->router : nullptr;
}

void TraceModel::setFilter(const Filter& filter) {
    if (filter.line() == m_filter.line()) {
        return;
    }
    m_filter = filter;
    recountMatches();
    emit filterChanged();
}

const RoutingStatistics& TraceModel::matched(Scope scope, int token) const {
    const Run* run = view();
    if (m_filter.isEmpty() || (run == nullptr && scope != Scope::Chat)) {
        return statistics(scope, token);
    }
    switch (scope) {
    case Scope::Chat: return m_chatMatched;
    case Scope::Answer: return run->matched;
    case Scope::Window:
    case Scope::Token: break;
    }
    const TokenWindow counted = scope == Scope::Window ? m_window : TokenWindow{token, token};
    m_someMatched = RoutingStatistics(shape());
    for (int at = counted.first; at >= 0 && at <= counted.last; ++at) {
        if (router(at) != nullptr) {
            addMatches(m_someMatched, *run->tokens.at(at), at);
        }
    }
    return m_someMatched;
}

bool TraceModel::matches(int token, int layer) const {
    const trace::RouterTrace* routed = router(token);
    return routed != nullptr && layer >= 0 && layer < int(routed->moe_layers) &&
           m_filter.matchesAny(*view()->tokens.at(token), token, layer);
}

std::shared_ptr<const FilterMask> TraceModel::maskOf(qint64 run) const {
    const auto found = m_runs.constFind(run);
    return found == m_runs.constEnd() ? nullptr : FilterMask::of(found->tokens, found->shape.layers, m_filter);
}

void TraceModel::addMatches(RoutingStatistics& counts, const trace::TokenTrace& token, int index) const {
    counts.add(token.router, [&](int layer, int rank) { return m_filter.matches(token, index, layer, rank); });
}

void TraceModel::recountMatches() {
    for (Run& run : m_runs) {
        run.matched = RoutingStatistics(run.shape);
        for (int token = 0; !m_filter.isEmpty() && token < run.tokens.size(); ++token) {
            if (run.routed.at(token)) {
                addMatches(run.matched, *run.tokens.at(token), token);
            }
        }
    }
    recountChat();
}

const trace::TokenTrace* TraceModel::lastToken(qint64 run) const {
    const auto found = m_runs.constFind(run);
    return found != m_runs.constEnd() && !found->tokens.isEmpty() ? found->tokens.last().get() : nullptr;
}

const TraceModel::Run* TraceModel::view() const {
    const auto found = m_runs.constFind(m_current);
    return found != m_runs.constEnd() ? &*found : nullptr;
}

void TraceModel::add(Run& run, const QList<trace::TokenTracePtr>& tokens) {
    const bool counted = isInChat(run);
    for (const trace::TokenTracePtr& token : tokens) {
        const bool routed = run.shape.fits(token->router);
        run.tokens.append(token);
        run.routed.append(routed);
        if (routed) {
            run.statistics.add(token->router);
            if (counted) {
                m_chat.add(token->router);
            }
            if (!m_filter.isEmpty()) {
                const int index = static_cast<int>(run.tokens.size()) - 1;
                addMatches(run.matched, *token, index);
                if (counted) {
                    addMatches(m_chatMatched, *token, index);
                }
            }
        }
    }
}

void TraceModel::recountChat() {
    ++m_revision;
    m_chat = RoutingStatistics(shape());
    m_chatMatched = RoutingStatistics(shape());
    for (const Run& run : std::as_const(m_runs)) {
        if (isInChat(run)) {
            m_chat.add(run.statistics);
            if (!m_filter.isEmpty()) {
                m_chatMatched.add(run.matched);
            }
        }
    }
}

void bindSelection(TraceModel* model, Selection* selection) {
    selection->setExpertLookup(
        [model](qint64 run, int token, int layer) { return model->topExpert(run, token, layer); });
    const auto followNewest = [model, selection] {
        if (selection->isFollowing() && model->tokenCount() > 0) {
            selection->setToken(model->tokenCount() - 1);
        }
    };
    QObject::connect(model, &TraceModel::appended, selection, followNewest);
    QObject::connect(selection, &Selection::followingChanged, model, followNewest);
    const auto led =
        std::make_shared<bool>(false); // the selection went to another answer, and chose what it shows there
    QObject::connect(model, &TraceModel::currentChanged, selection, [model, selection, followNewest, led] {
        const TraceShape& shape = model->shape();
        const SelectionState& state = selection->state();
        SelectionState next = state;
        next.run = model->current();
        next.token = next.run == state.run && next.token < model->tokenCount() ? next.token : -1;
        next.layer = shape.layers > 0 ? std::clamp(next.layer, 0, shape.layers - 1) : -1;
        const bool stays = next.token >= 0 && next.layer == state.layer && next.expert < shape.experts;
        next.expert = stays ? next.expert : -1;
        selection->set(next);
        if (model->isLive() && !*led) {
            selection->setFollowing(true);
            followNewest();
        }
    });
    QObject::connect(selection, &Selection::changed, model, [model, led](const SelectionState& state) {
        if (state.run != model->current() && model->hasRun(state.run)) {
            *led = true;
            model->setCurrent(state.run);
            *led = false;
        }
    });
}

} // namespace moescope::ui
