// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/scopebox.h"

#include "ui/panels/chartpaint.h"

namespace moescope::ui {

ScopeBox::ScopeBox(const QList<Scope>& scopes, QWidget* parent) : CompactBox(parent) {
    setAccessibleName(tr("Tokens to count"));
    for (const Scope scope : scopes) {
        switch (scope) {
        case Scope::Token: addItem(tr("This token"), int(scope)); break;
        case Scope::Window: addItem(tr("Window"), int(scope)); break;
        case Scope::Answer: addItem(tr("This answer"), int(scope)); break;
        case Scope::Chat: addItem(tr("Whole chat"), int(scope)); break;
        }
    }
    setCurrentIndex(findData(int(Scope::Answer)));
    connect(this, &CompactBox::currentIndexChanged, this, [this] { emit scopeChanged(scope()); });
}

void ScopeBox::setScope(Scope scope) {
    const int index = findData(int(scope));
    if (index >= 0) {
        setCurrentIndex(index);
    }
}

void ScopeBox::applyTheme() {
    setFont(theme().font(TextStyle::Small));
    setFixedHeight(scaledPx(24));
}

QPair<QString, QString> missingToCount(const TraceModel& trace, Scope scope, const QString& beforeAnswer) {
    const TraceShape& shape = trace.shape();
    if (shape.isValid() && shape.isDense()) {
        return {ScopeBox::tr("No router in this model"),
                ScopeBox::tr("%1 is dense: the same weights work on every token.").arg(shape.model)};
    }
    if (scope == Scope::Window && trace.window().isEmpty()) {
        return {ScopeBox::tr("No window chosen"),
                ScopeBox::tr("Shift+click a word in the Token strip: the tokens from the selected one to it are the "
                             "window.")};
    }
    const bool chat = scope == Scope::Chat;
    if (chat ? trace.statistics(Scope::Chat).n() > 0 : trace.hasRouting()) {
        return {};
    }
    if (trace.isReadingPrompt()) {
        return {ScopeBox::tr("Reading the prompt"), ScopeBox::tr("Experts fill in with the first token.")};
    }
    if (chat && trace.whatIfAnswers() > 0) {
        return {ScopeBox::tr("No untouched answer"),
                ScopeBox::tr("Every answer of this chat that could be counted was made with a what-if.")};
    }
    if (trace.tokenCount() > 0) {
        return {ScopeBox::tr("No routing recorded"),
                ScopeBox::tr("This answer was kept without the choices of its routers.")};
    }
    if (trace.current() >= 0 && !trace.isLive()) {
        return {ScopeBox::tr("No tokens"), ScopeBox::tr("This answer has no tokens to count.")};
    }
    return {ScopeBox::tr("No answer yet"), beforeAnswer};
}

} // namespace moescope::ui
