// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/scopebox.h"

#include "ui/panels/chartpaint.h"

namespace moescope::ui {

ScopeBox::ScopeBox(const QList<Scope>& scopes, QWidget* parent) : QComboBox(parent) {
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
    connect(this, &QComboBox::currentIndexChanged, this, [this] { emit scopeChanged(scope()); });
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

} // namespace moescope::ui
