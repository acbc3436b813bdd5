// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/whatifbar.h"

#include "ui/panels/styledlabel.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/flowlayout.h"
#include "ui/widgets/iconbutton.h"

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>

namespace moescope::ui {

namespace {

constexpr double kMostBias = 100; ///< a router's logits are within a few tens

QPushButton* smallButton(const QString& text, const QString& icon, QWidget* parent) {
    auto* button = new QPushButton(text, parent);
    button->setProperty("small", true);
    button->setAutoDefault(false);
    if (!icon.isEmpty()) {
        button->setIcon(theme().icon(icon));
    }
    return button;
}

/** A word and its field, as one thing in a row. */
QWidget* labelled(const QString& word, QWidget* field, QWidget* parent) {
    auto* pair = new QWidget(parent);
    auto* row = new QHBoxLayout(pair);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(6);
    auto* label = new StyledLabel(word, TextStyle::Small, Color::TextSecondary, pair);
    label->setBuddy(field);
    row->addWidget(label);
    row->addWidget(field);
    return pair;
}

} // namespace

WhatIfBar::WhatIfBar(QWidget* parent) : WhatIfBox(Frame::Amber, parent) {
    m_change = new IconButton(QStringLiteral("settings"), tr("Change the what-if"), this);
    m_change->setSmall(true);
    m_change->setCheckable(true);
    m_undo = new IconButton(QStringLiteral("undo"), tr("Take back the last change"), this);
    m_undo->setSmall(true);
    m_remove = smallButton(tr("Remove"), {}, this);
    m_remove->setAccessibleName(tr("Remove the what-if"));
    m_rerun = smallButton(tr("Re-run"), QStringLiteral("regenerate"), this);
    m_rerun->setAccessibleName(tr("Re-run with the same seed"));
    for (QWidget* control : std::initializer_list<QWidget*>{m_change, m_undo, m_remove, m_rerun}) {
        buttons()->addWidget(control);
    }
    makeSettings();
    m_problem = new Banner(Banner::Kind::Error, {}, this);
    m_problem->hide();
    column()->addWidget(m_problem);

    connect(m_change, &QToolButton::toggled, this, [this](bool open) {
        m_settings->setVisible(open);
        updateGeometry();
    });
    connect(m_bias, &QPushButton::toggled, this, [this](bool open) {
        m_editor->setVisible(open);
        if (open) {
            if (m_selected) {
                showPlace(*m_selected);
            }
            m_layer->setFocus(Qt::OtherFocusReason);
        }
    });
    connect(m_set, &QPushButton::clicked, this, &WhatIfBar::setBias);
    connect(m_rerun, &QPushButton::clicked, this, &WhatIfBar::rerunRequested);
    const auto showBias = [this] {
        if (m_whatIf) {
            m_value->setValue(double(m_whatIf->biasOf(m_layer->value(), m_expert->value())));
        }
    };
    connect(m_layer, &QSpinBox::valueChanged, this, showBias);
    connect(m_expert, &QSpinBox::valueChanged, this, showBias);
    hide();
}

void WhatIfBar::makeSettings() {
    m_settings = new QWidget(this);
    auto* rows = new QVBoxLayout(m_settings);
    rows->setContentsMargins(0, 0, 0, 2);
    rows->setSpacing(8);
    auto* hint = new StyledLabel(tr("B bans the selected expert, Shift+B forces it."), TextStyle::Small,
                                 Color::TextSecondary, m_settings);
    hint->setWordWrap(true);
    rows->addWidget(hint);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(4);
    grid->setColumnStretch(2, 1);
    m_used = new QSpinBox(m_settings);
    m_used->setAccessibleName(tr("Experts per token"));
    m_usedName = new StyledLabel(tr("Experts per token"), TextStyle::Small, Color::TextSecondary, m_settings);
    m_usedName->setBuddy(m_used);
    m_shared = new QCheckBox(tr("Shared expert"), m_settings);
    m_shared->setAccessibleName(tr("Shared expert works"));
    m_bias = smallButton(tr("Bias…"), {}, m_settings);
    m_bias->setAccessibleName(tr("Bias of an expert"));
    m_bias->setCheckable(true);
    grid->addWidget(m_usedName, 0, 0);
    grid->addWidget(m_used, 0, 1);
    grid->addWidget(m_shared, 1, 0);
    grid->addWidget(m_bias, 1, 1);
    rows->addLayout(grid);

    m_editor = new QWidget(m_settings);
    auto* editor = new FlowLayout(8, m_editor);
    m_layer = new QSpinBox(m_editor);
    m_layer->setAccessibleName(tr("Layer of the bias"));
    m_expert = new QSpinBox(m_editor);
    m_expert->setAccessibleName(tr("Expert of the bias"));
    m_value = new QDoubleSpinBox(m_editor);
    m_value->setAccessibleName(tr("Bias, added to the router’s logit"));
    m_value->setRange(-kMostBias, kMostBias);
    m_value->setDecimals(2);
    m_value->setSingleStep(0.5);
    m_set = smallButton(tr("Set"), {}, m_editor);
    m_set->setAccessibleName(tr("Set the bias"));
    editor->addWidget(labelled(tr("Layer"), m_layer, m_editor));
    editor->addWidget(labelled(tr("Expert"), m_expert, m_editor));
    editor->addWidget(labelled(tr("Added to the router’s logit"), m_value, m_editor));
    editor->addWidget(m_set);
    m_editor->hide();
    rows->addWidget(m_editor);
    m_settings->hide();
    column()->addWidget(m_settings);
}

void WhatIfBar::setWhatIf(WhatIf* whatIf) {
    m_whatIf = whatIf;
    connect(whatIf, &WhatIf::changed, this, &WhatIfBar::refresh);
    connect(m_shared, &QCheckBox::toggled, whatIf, [whatIf](bool on) { whatIf->setWithoutShared(!on); });
    connect(m_used, &QSpinBox::valueChanged, whatIf,
            [whatIf](int used) { whatIf->setExpertsUsed(static_cast<uint32_t>(used)); });
    connect(m_undo, &QToolButton::clicked, whatIf, &WhatIf::undo);
    connect(m_remove, &QPushButton::clicked, whatIf, &WhatIf::clear);
    refresh();
}

void WhatIfBar::setUnavailable(const QString& reason) {
    m_unavailable = reason;
    refreshButtons();
}

void WhatIfBar::editBias(const trace::ExpertPlace& place) {
    m_whatIf->setOpen(true);
    m_change->setChecked(true);
    m_bias->setChecked(true);
    showPlace(place);
    m_value->setFocus(Qt::OtherFocusReason);
    m_value->selectAll();
}

void WhatIfBar::showPlace(const trace::ExpertPlace& place) {
    m_layer->setValue(static_cast<int>(place.layer));
    m_expert->setValue(static_cast<int>(place.expert));
}

void WhatIfBar::setBias() {
    m_whatIf->setBias({static_cast<uint32_t>(m_layer->value()), static_cast<uint32_t>(m_expert->value())},
                      static_cast<float>(m_value->value()));
}

void WhatIfBar::refresh() {
    const bool open = m_whatIf->isOpen();
    if (open) {
        const trace::Intervention& recipe = m_whatIf->recipe();
        setWords(m_whatIf->isEmpty() ? tr("nothing changed yet") : recipeWords(recipe, true), recipeWords(recipe));
        if (!m_open && m_whatIf->isEmpty()) {
            m_change->setChecked(true); // it was opened to be set
        }
        if (const auto& model = m_whatIf->model()) {
            const QSignalBlocker shared(m_shared);
            const QSignalBlocker used(m_used);
            m_shared->setVisible(model->expert_shared_count > 0);
            m_shared->setChecked(!recipe.without_shared);
            m_usedName->setVisible(model->expert_count > 1);
            m_used->setVisible(model->expert_count > 1);
            m_used->setRange(1, static_cast<int>(std::max(model->expert_count, 1U)));
            m_used->setValue(
                static_cast<int>(recipe.experts_used > 0 ? recipe.experts_used : model->expert_used_count));
            m_layer->setRange(0, std::max(0, static_cast<int>(model->moeLayers()) - 1));
            m_expert->setRange(0, std::max(0, static_cast<int>(model->expert_count) - 1));
        }
        m_problem->setText(m_whatIf->problem());
        m_problem->setVisible(!m_whatIf->problem().isEmpty());
    } else {
        m_bias->setChecked(false);
        m_change->setChecked(false);
    }
    m_open = open;
    refreshButtons();
    setVisible(open);
}

void WhatIfBar::refreshButtons() {
    if (!m_whatIf) {
        return;
    }
    const bool impossible = !m_whatIf->problem().isEmpty();
    m_rerun->setEnabled(m_unavailable.isEmpty() && !m_whatIf->isEmpty() && !impossible);
    m_rerun->setToolTip(impossible                 ? m_whatIf->problem()
                        : !m_unavailable.isEmpty() ? m_unavailable
                                                   : tr("The last answer once more: same prompt, sampling and seed, "
                                                        "with this what-if"));
    m_undo->setEnabled(m_whatIf->canUndo());
}

} // namespace moescope::ui
